// SPDX-License-Identifier: Apache-2.0
// Carries packets between the two TUN devices as the link says, and takes commands: lines on stdin,
// lines of a schedule at their time. Answers each line of stdin with one line of JSON on stdout.
// One thread; sleeps until something comes or is due. Ends with stdin, SIGTERM or SIGINT.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "proto/base/descriptor.h"
#include "tests/support/link/link.h"
#include "tests/support/link/namespaces.h"

namespace sitecast::link {

struct Planned {
  std::int64_t at_ns = 0;  // after the start
  std::string command;
};
// Lines "SECONDS COMMAND", ascending; empty ones and those that begin with # say nothing.
Result<std::deque<Planned>> parse_schedule(std::string_view text);

class Pump {
 public:
  Pump(Link& link, NamespaceEnd& device, NamespaceEnd& hub, std::deque<Planned> schedule)
      : link_(link), device_(device), hub_(hub), schedule_(std::move(schedule)) {}

  // kInternal: something that cannot fail did.
  Status run();
  // Also what Link does not know: `stats`, `address A`.
  nlohmann::json answer(const std::string& line);

 private:
  Status prepare();
  void read_packets(Side from);
  void deliver(Side to);
  void write_packet(Side to, const Packet& packet);
  bool read_commands();  // false: stdin ended
  void follow_schedule();
  void set_timer();
  NamespaceEnd& end(Side side) { return side == Side::kDevice ? device_ : hub_; }

  Link& link_;
  NamespaceEnd& device_;
  NamespaceEnd& hub_;
  std::deque<Planned> schedule_;
  Descriptor poll_, timer_, signals_;
  std::int64_t began_ns_ = 0;
  std::int64_t timer_ns_ = kNever;
  std::string typed_;
  std::uint64_t not_written_ = 0;  // packets that a TUN device did not take
};

std::int64_t monotonic_ns();

}  // namespace sitecast::link
