// SPDX-License-Identifier: Apache-2.0
// How long a track is, for people: the spool shows durations and never decides by them.
// Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/bytes.h"

namespace sitecast::agent {

// Units per second of a track, from its init segment; 0 when it has none that can be read.
std::uint32_t media_timescale(ByteView init_segment);

inline std::int64_t media_duration_us(std::uint64_t media_time, std::uint32_t timescale) {
  return static_cast<std::int64_t>(media_time / timescale * 1'000'000 +
                                   media_time % timescale * 1'000'000 / timescale);
}

}  // namespace sitecast::agent
