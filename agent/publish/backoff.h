// SPDX-License-Identifier: Apache-2.0
// Delays between attempts to connect: doubling with jitter, for ever. Thread-safety: one owner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace sitecast::agent {

class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_(seed) {}

  // `pressing`: something waits to be delivered, so the pauses stay short enough that a link that
  // is back is found within seconds.
  std::int64_t next_us(bool pressing) {
    const std::int64_t ceiling = std::min(pressing ? kPressingUs : kLongestUs, current_us_);
    current_us_ = std::min(current_us_ * 2, kLongestUs);
    return std::uniform_int_distribution<std::int64_t>(ceiling / 2, ceiling)(random_);
  }
  void reset() { current_us_ = kFirstUs; }

  static constexpr std::int64_t kPressingUs = 2'000'000;

 private:
  static constexpr std::int64_t kFirstUs = 500'000;
  static constexpr std::int64_t kLongestUs = 30'000'000;
  std::int64_t current_us_ = kFirstUs;
  std::mt19937_64 random_;
};

}  // namespace sitecast::agent
