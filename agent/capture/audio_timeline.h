// SPDX-License-Identifier: Apache-2.0
// Puts stretches of sound on one continuous line of 48 kHz samples: small differences between a
// buffer's time and where the last one ended are rounding and ignored, larger ones are filled with
// silence or cut, so that sound never drifts from the pictures by more than the tolerance.
// Owner thread: one at a time. Pure.
#pragma once

#include <cstdint>

#include "proto/base/result.h"

namespace sitecast::agent {

class AudioTimeline {
 public:
  struct Placement {
    std::uint64_t position = 0;         // of the first sample that is pushed, silence included
    std::uint64_t silence_samples = 0;  // to push before the buffer
    std::uint64_t skip_samples = 0;     // to leave out at the buffer's beginning
    std::uint64_t take_samples = 0;     // of the buffer, after skipping; 0: nothing is left
  };

  // Where `count` samples that begin at `media_time_ns` go. `exact`: no tolerance (the joint of a
  // loop). Sound before media time 0 is cut off. kDataLoss when the times jump ahead by more than
  // kLongestSilence: such a file is damaged.
  Result<Placement> place(std::int64_t media_time_ns, std::uint64_t count, bool exact);

  [[nodiscard]] std::uint64_t end() const { return end_; }

  static constexpr std::int64_t kToleranceSamples = 48 * 15;  // 15 ms
  static constexpr std::int64_t kLongestSilenceSamples = 48'000LL * 60;

 private:
  bool begun_ = false;
  std::uint64_t end_ = 0;
};

}  // namespace sitecast::agent
