// SPDX-License-Identifier: Apache-2.0
// Segments: consecutive parts from one that carries an init segment up to the next such part. The
// same rule for video (key frames) and audio (an init at least every 5 s). A segment is named by
// the sequence of its first part, which never changes, however late fills arrive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sitecast::hub {

// Bytes [offset, offset + size_bytes) of the track's media file. Consecutive parts that lie next to
// each other are one range; a late fill is a range of its own.
struct MediaRange {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
};

struct Segment {
  std::uint64_t first_sequence = 0;
  std::uint32_t part_count = 0;     // parts that are here
  std::uint32_t parts_missing = 0;  // known holes inside (filled later or lost)
  std::uint64_t media_time = 0;     // track's timescale
  std::uint64_t duration = 0;       // from media_time to the end of the last part that is here
  std::string init_hash8;
  bool filled_later = false;       // at least one part came by `fill`
  bool closed = false;             // the next segment has begun or the track has ended
  std::vector<MediaRange> ranges;  // in sequence order
  [[nodiscard]] std::uint64_t size_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& range : ranges) sum += range.size_bytes;
    return sum;
  }
};

}  // namespace sitecast::hub
