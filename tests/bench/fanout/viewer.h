// SPDX-License-Identifier: Apache-2.0
// One viewer of many in one thread: a WebSocket that is pushed to (RFC 6455, what a browser
// receives), or a kept HTTP connection that asks for each chunk once it is there (RFC 9112, for a
// peer). It takes bytes as they come and tells how old each whole message is by the stamp at its
// end. Owner thread: one. Blocking only in the constructors' handshakes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/descriptor.h"
#include "proto/base/result.h"

namespace sitecast::bench {

std::int64_t now_ns();  // CLOCK_MONOTONIC

// What stands at the end of a chunk: a mark, and when it was sent.
inline constexpr std::size_t kStampBytes = 16;
Bytes make_stamp(std::int64_t sent_at_ns);

class Viewer {
 public:
  // `number` chooses a source address within 127.0.0.0/8, so that no limit per address is met.
  static Result<Viewer> watch(std::uint16_t port, std::uint32_t number, const std::string& path,
                              const std::string& cookie);
  static Result<Viewer> ask(std::uint16_t port, std::uint32_t number);

  // Of an asking viewer: sends GET /chunk. REQUIRES: the answer before was whole.
  Status get(std::uint64_t chunk);
  [[nodiscard]] bool waits_for_answer() const { return waits_; }

  // Reads what is there; appends the ages of whole messages in ms. kUnavailable: the other side has
  // closed.
  Status read(std::vector<double>& ages_ms);
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  explicit Viewer(Descriptor socket, bool asks) : socket_(std::move(socket)), asks_(asks) {}
  static Result<Descriptor> connect(std::uint16_t port, std::uint32_t number);
  // Length of the message at the front of incoming_, its head included, and of the head; {0, 0}:
  // not whole yet.
  struct Sizes {
    std::size_t head = 0, all = 0;
  };
  [[nodiscard]] Sizes front_websocket() const;
  [[nodiscard]] Sizes front_http() const;

  Descriptor socket_;
  bool asks_;
  bool waits_ = false;
  std::uint64_t bytes_ = 0;
  Bytes incoming_;
  std::size_t begin_ = 0;  // of what is not taken yet
};

}  // namespace sitecast::bench
