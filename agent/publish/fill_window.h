// SPDX-License-Identifier: Apache-2.0
// How many bytes of backfill may be on the way at once. Delay-based (after LEDBAT, RFC 6817): it
// grows while the round trip of what is sent stays near the smallest seen, and shrinks as soon as
// backfill itself makes a queue, so that the newest live part never waits long behind it.
// Thread-safety: one owner. Times are monotonic microseconds.
#pragma once

#include <cstdint>

namespace sitecast::agent {

class FillWindow {
 public:
  explicit FillWindow(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::int64_t base_us() const { return base_us_ == 0 ? last_us_ : base_us_; }

  // A message of `bytes` came back after `round_trip_us`. `polite`: something is live.
  void acknowledged(std::uint64_t bytes, std::int64_t round_trip_us, bool polite,
                    std::int64_t now_us);
  // A new connection: nothing is known of its path.
  void restart();

 private:
  const std::uint64_t limit_bytes_;
  std::uint64_t bytes_ = kInitialBytes;
  std::int64_t base_us_ = 0;  // smallest round trip of this and the last period
  std::int64_t period_min_us_ = 0;
  std::int64_t period_began_us_ = 0;
  std::int64_t shrunk_at_us_ = 0;
  std::int64_t last_us_ = 0;

  static constexpr std::uint64_t kInitialBytes = 8 * 1024;
  static constexpr std::uint64_t kLeastBytes = 2 * 1024;
};

}  // namespace sitecast::agent
