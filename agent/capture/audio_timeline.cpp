// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/audio_timeline.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sitecast::agent {

Result<AudioTimeline::Placement> AudioTimeline::place(std::int64_t media_time_ns,
                                                      std::uint64_t count, bool exact) {
  const auto stated = static_cast<std::int64_t>(std::llround(double(media_time_ns) * 48e-6));
  const auto length = static_cast<std::int64_t>(count);
  Placement placement;
  if (!begun_) {
    const std::int64_t skip = std::clamp<std::int64_t>(-stated, 0, length);
    placement.position = static_cast<std::uint64_t>(std::max<std::int64_t>(stated, 0));
    placement.skip_samples = static_cast<std::uint64_t>(skip);
    placement.take_samples = count - placement.skip_samples;
    if (placement.take_samples == 0) return placement;
    begun_ = true;
    end_ = placement.position + placement.take_samples;
    return placement;
  }
  const std::int64_t gap = stated - static_cast<std::int64_t>(end_);
  placement.position = end_;
  if (gap > kLongestSilenceSamples) {
    return data_loss("the sound's time stamps jump ahead by more than a minute");
  }
  if (std::llabs(gap) > (exact ? 0 : kToleranceSamples)) {
    placement.silence_samples = static_cast<std::uint64_t>(std::max<std::int64_t>(gap, 0));
    placement.skip_samples = static_cast<std::uint64_t>(std::clamp<std::int64_t>(-gap, 0, length));
  }
  placement.take_samples = count - placement.skip_samples;
  end_ += placement.silence_samples + placement.take_samples;
  return placement;
}

}  // namespace sitecast::agent
