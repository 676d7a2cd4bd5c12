// SPDX-License-Identifier: Apache-2.0
// Sees that a link has become so much thinner that what the kernel was given at the better rate
// would hold up the newest moment for many seconds. It cannot be taken back from a socket; a new
// connection leaves it behind, and it follows by backfill. Not for a link that is merely thin, nor
// for a short fade. Owner thread: delivery thread. Times are monotonic microseconds.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sitecast::agent {

struct StuckSample {
  std::int64_t now_us = 0;
  bool live = false;                    // somebody may be watching
  std::uint64_t outstanding_bytes = 0;  // published, not acknowledged by the other side
  std::uint32_t delivered_kbps = 0;     // over the last two seconds
};

class StuckWatch {
 public:
  // About four times a second. True: give the connection up.
  bool observe(const StuckSample& sample) {
    best_kbps_ = std::max(best_kbps_, sample.delivered_kbps);
    const std::uint64_t rate_kbps = std::max<std::uint64_t>(sample.delivered_kbps, 1);
    const bool stuck = sample.live && sample.outstanding_bytes * 8 > kDrainMs * rate_kbps &&
                       best_kbps_ >= kFall * rate_kbps;
    if (!stuck) {
      since_us_ = 0;
      return false;
    }
    if (since_us_ == 0) since_us_ = sample.now_us;
    return sample.now_us - since_us_ >= kSureUs;
  }
  // Another connection: nothing of an earlier one is in its way.
  void restart() { *this = {}; }

 private:
  std::uint32_t best_kbps_ = 0;
  std::int64_t since_us_ = 0;  // 0: not stuck

  static constexpr std::uint64_t kDrainMs = 5'000;
  static constexpr std::uint64_t kFall = 4;
  static constexpr std::int64_t kSureUs = 1'500'000;
};

}  // namespace sitecast::agent
