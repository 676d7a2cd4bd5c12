// SPDX-License-Identifier: Apache-2.0
// HTTP Live Streaming playlists (RFC 8216, and its second edition for EXT-X-GAP) over the segments
// that the archive has, for players that have no Media Source Extensions. Nothing is made for them:
// they name the same byte ranges as the page's own player. These are recordings; what is followed
// while it is filmed is live/hls_window.h. Thread-safe: pure functions and value
// types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hub/index/segment.h"
#include "proto/base/id.h"

namespace sitecast::gateway {

// One line of a media playlist: a segment, or a stretch of time that is not here.
struct HlsEntry {
  bool gap = false;
  std::uint64_t first_sequence = 0;  // names the segment
  std::uint64_t media_time = 0;      // track's timescale
  std::uint64_t duration = 0;
  std::string init_hash8;
};

// Puts segments behind `entries`. `segments` in media-time order; those that are not closed are
// taken if `take_open`.
void append_entries(std::vector<HlsEntry>& entries, const std::vector<hub::Segment>& segments,
                    std::uint32_t timescale, bool take_open);

// Bits per second of the segment with the most of them: what BANDWIDTH must state.
std::uint64_t peak_bandwidth(const std::vector<hub::Segment>& segments, std::uint32_t timescale);

struct HlsTrack {
  CaptureId capture;
  std::string_view name;
  std::uint32_t timescale = 0;
  std::int64_t captured_at_us = 0;  // when media time was 0
};

// All that is here now; never read again.
std::string media_playlist(const HlsTrack& track, const std::vector<HlsEntry>& entries);

struct HlsVariant {
  std::string track;
  std::string codec;  // RFC 6381
  std::uint64_t bandwidth_bps = 0;
  std::uint32_t width_px = 0;  // 0: sound only
  std::uint32_t height_px = 0;
};
// `pictures` from the smallest to the largest. Without pictures sound is the variant.
std::string multivariant_playlist(CaptureId capture, const std::vector<HlsVariant>& pictures,
                                  const HlsVariant* sound, bool following);

}  // namespace sitecast::gateway
