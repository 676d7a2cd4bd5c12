// SPDX-License-Identifier: Apache-2.0
// What the link delivers: bytes that the other side's TCP acknowledged over the last two seconds.
// At least what the link can carry, unless there was nothing to send. Owner thread: delivery
// thread. Times are monotonic microseconds.
#pragma once

#include <cstdint>
#include <deque>

namespace sitecast::agent {

class DeliveredRate {
 public:
  // Acknowledged so far on this connection.
  void observe(std::uint64_t acknowledged_bytes, std::int64_t now_us) {
    if (!samples_.empty() && acknowledged_bytes < samples_.back().bytes) restart();
    samples_.push_back({now_us, acknowledged_bytes});
    while (samples_.size() > 2 && now_us - samples_[1].at_us >= kWindowUs) samples_.pop_front();
    const std::int64_t time_us = now_us - samples_.front().at_us;
    if (time_us <= 0) return;
    const std::uint64_t bytes = acknowledged_bytes - samples_.front().bytes;
    kbps_ = static_cast<std::uint32_t>(bytes * 8'000 / static_cast<std::uint64_t>(time_us));
  }
  // Another connection.
  void restart() {
    samples_.clear();
    kbps_ = 0;
  }
  [[nodiscard]] std::uint32_t kbps() const { return kbps_; }

 private:
  struct Sample {
    std::int64_t at_us = 0;
    std::uint64_t bytes = 0;
  };
  std::deque<Sample> samples_;
  std::uint32_t kbps_ = 0;
  static constexpr std::int64_t kWindowUs = 2'000'000;
};

// How long so many bytes take at this rate; -1: not known, because nothing moves.
inline std::int64_t remaining_ms(std::uint64_t waiting_bytes, std::uint32_t kbps) {
  constexpr std::uint32_t kMovesKbps = 8;
  if (waiting_bytes == 0) return 0;
  return kbps < kMovesKbps ? -1 : static_cast<std::int64_t>(waiting_bytes * 8 / kbps);
}

}  // namespace sitecast::agent
