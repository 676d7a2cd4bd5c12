// SPDX-License-Identifier: Apache-2.0
#include "hub/index/segments.h"

#include <algorithm>

namespace sitecast::hub {
namespace {

void add_cell(Segment& segment, const Cell& cell) {
  segment.part_count += static_cast<std::uint32_t>(cell.part_count);
  segment.duration = std::max(segment.duration, cell.end_media_time > segment.media_time
                                                    ? cell.end_media_time - segment.media_time
                                                    : 0);
  segment.filled_later = segment.filled_later || cell.filled_later;
  if (!segment.ranges.empty() &&
      segment.ranges.back().offset + segment.ranges.back().size_bytes == cell.media_offset) {
    segment.ranges.back().size_bytes += cell.size_bytes;
  } else {
    segment.ranges.push_back({cell.media_offset, cell.size_bytes});
  }
}

// `end_sequence`: one past the last part that belongs to the segment, here or missing.
void settle(Segment& segment, std::uint64_t end_sequence, bool closed) {
  const std::uint64_t expected =
      end_sequence > segment.first_sequence ? end_sequence - segment.first_sequence : 0;
  const std::uint64_t missing = expected > segment.part_count ? expected - segment.part_count : 0;
  segment.parts_missing = static_cast<std::uint32_t>(std::min<std::uint64_t>(missing, UINT32_MAX));
  segment.closed = closed;
}

}  // namespace

std::vector<Segment> assemble_segments(const std::vector<Cell>& cells,
                                       std::optional<std::uint64_t> part_count_total) {
  std::vector<Segment> segments;
  std::uint64_t end_sequence = 0;
  for (const Cell& cell : cells) {
    if (cell.starts_segment) {
      if (!segments.empty()) settle(segments.back(), cell.first_sequence, true);
      Segment segment;
      segment.first_sequence = cell.first_sequence;
      segment.media_time = cell.media_time;
      segment.init_hash8 = cell.init_hash8;
      segments.push_back(std::move(segment));
    }
    if (segments.empty()) continue;
    add_cell(segments.back(), cell);
    end_sequence = cell.end_sequence();
  }
  if (!segments.empty()) {
    settle(segments.back(), part_count_total.value_or(end_sequence), part_count_total.has_value());
  }
  return segments;
}

}  // namespace sitecast::hub
