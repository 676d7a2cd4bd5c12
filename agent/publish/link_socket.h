// SPDX-License-Identifier: Apache-2.0
// The TCP socket below Paho, which neither sets options nor tells its descriptor: it is found among
// this process's own by the peer's address. Linux. Owner thread: delivery thread. Does not block.
// The descriptor belongs to Paho and may be closed any time: every use checks that it still is the
// socket that was found (inode).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "agent/publish/hand_over.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct LinkFigures {
  std::int64_t round_trip_us = 0;
  std::uint64_t acknowledged_bytes = 0;  // taken by the other side
  std::uint64_t received_bytes = 0;
  std::uint64_t delivery_rate_bytes_per_s = 0;
  std::uint32_t unsent_bytes = 0;
  std::uint64_t outstanding_bytes = 0;  // unsent, or sent and not acknowledged
  std::string congestion_control;
};

class LinkSocket {
 public:
  // Before connecting: TCP sockets that are there already are not ours.
  void remember_others();
  // After connecting. kNotFound when there is no new socket to `port`.
  Status find(std::uint16_t port);
  // While connecting: there is one new socket, and the other side refused it. (Paho notices only
  // when its own time is up.)
  [[nodiscard]] bool refused() const;
  // TCP_NODELAY, TCP_USER_TIMEOUT, congestion control ("" leaves it) and a buffer that takes a
  // large part at once.
  void tune(const std::string& congestion_control, const Log& log) const;
  [[nodiscard]] std::optional<LinkFigures> figures() const;
  [[nodiscard]] std::optional<SocketRoom> room() const;
  // The connection's own address is no address of this machine any more: no answer can come.
  [[nodiscard]] bool address_gone() const;
  // The network interface that the connection's own address is on; empty: not known.
  [[nodiscard]] std::string interface() const;
  // What was written and not taken is not sent any more: closing resets the connection. Without
  // this the kernel would go on sending it, beside the next connection. And whoever waits for
  // something to come in is woken: Paho's receiving thread, which would see only a second later
  // that it is to end.
  void abandon() const;
  void forget() { descriptor_ = -1; }

 private:
  [[nodiscard]] bool still_ours() const;
  // Of our own address; empty: no interface has it any more. None: that cannot be told.
  [[nodiscard]] std::optional<std::string> find_interface() const;
  int descriptor_ = -1;
  std::uint64_t inode_ = 0;
  std::set<std::uint64_t> others_;
};

}  // namespace sitecast::agent
