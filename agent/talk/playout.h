// SPDX-License-Identifier: Apache-2.0
// When each packet of a voice is played: the jitter buffer's arithmetic. Packets come in order
// (TCP) but unevenly; the first of a turn is held back by `hold_us`, each further one has its place
// 20 ms after the one before. A packet that comes after its moment moves all that follow so far
// that it is heard whole; what was moved is given back while nobody speaks. A missing packet keeps
// its place, so that the decoder conceals it. Owner thread: one at a time. Pure: no clock.
#pragma once

#include <cstdint>
#include <optional>

namespace sitecast::agent {

class Playout {
 public:
  static constexpr std::int64_t kPacketUs = 20'000;
  // More than this is not made up by concealing: the voice goes on where it is.
  static constexpr std::uint64_t kMostMissing = 5;

  explicit Playout(std::int64_t hold_us) : hold_us_(hold_us) {}

  struct Slot {
    std::int64_t play_at_us = 0;
    std::uint64_t missing = 0;  // packets just before it that are to be concealed
    bool begins = false;        // a turn: nothing before it belongs to it
  };
  // nullopt: an old one, already played or given up.
  std::optional<Slot> place(std::uint64_t packet, std::int64_t now_us) {
    if (!next_packet_) {
      next_packet_ = packet + 1;
      next_us_ = now_us + hold_us_ + kPacketUs;
      return Slot{next_us_ - kPacketUs, 0, true};
    }
    if (packet < *next_packet_) return std::nullopt;
    std::uint64_t missing = packet - *next_packet_;
    if (missing > kMostMissing) missing = 0;
    std::int64_t at_us = next_us_ + static_cast<std::int64_t>(missing) * kPacketUs;
    if (at_us < now_us) {
      // Too late: what it would have to conceal is over, too.
      missing = 0;
      at_us = now_us + hold_us_ / 2;
    }
    next_packet_ = packet + 1;
    next_us_ = at_us + kPacketUs;
    return Slot{at_us, missing, false};
  }
  // Somebody else speaks, or nobody.
  void end_turn() { next_packet_.reset(); }

 private:
  const std::int64_t hold_us_;
  std::optional<std::uint64_t> next_packet_;
  std::int64_t next_us_ = 0;
};

}  // namespace sitecast::agent
