// SPDX-License-Identifier: Apache-2.0
// How an HlsWindow is written down (RFC 8216bis section 4.4).
#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "viewer/gateway/http/text.h"
#include "viewer/gateway/live/hls_window.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {

// How many of the oldest segments lie behind the skip boundary.
std::size_t HlsWindow::skipped() const {
  std::uint64_t end = end_of_list();
  if (open_ && !open_->hls_parts.empty()) {
    end = open_->hls_parts.back().media_time + open_->hls_parts.back().duration;
  }
  std::size_t count = 0;
  for (const auto& segment : segments_) {
    if (segment.media_time + segment.duration + kSkipUntilS * timescale_ > end) break;
    ++count;
  }
  return count;
}

void HlsWindow::write_hls_parts(std::string& text, const Segment& segment) const {
  for (const auto& hls_part : segment.hls_parts) {
    fmt::format_to(std::back_inserter(text),
                   "#EXT-X-PART:DURATION={:.5f},URI=\"/segments/{}/{}/live/{}.m4s\"{}\n",
                   seconds(hls_part.duration), capture_.text(), track_, hls_part.first_sequence,
                   hls_part.independent ? ",INDEPENDENT=YES" : "");
  }
}

// The tags in front of a segment or of its first partial segment.
void HlsWindow::write_segment(std::string& text, const Segment& segment, bool with_parts,
                              const std::string*& init) const {
  const auto out = std::back_inserter(text);
  if (!segment.gap && (init == nullptr || *init != segment.init_hash8)) {
    fmt::format_to(out, "#EXT-X-MAP:URI=\"/segments/{}/{}/init/{}.mp4\"\n", capture_.text(), track_,
                   init_hash_text(segment.init_hash8));
    init = &segment.init_hash8;
  }
  const auto media_us = static_cast<std::int64_t>(std::llround(seconds(segment.media_time) * 1e6));
  fmt::format_to(out, "#EXT-X-PROGRAM-DATE-TIME:{}\n", utc_text(captured_at_us_ + media_us));
  if (with_parts) write_hls_parts(text, segment);
}

std::string HlsWindow::text(bool skip, const std::vector<const HlsWindow*>& others) const {
  std::string text;
  text.reserve(8192);
  const auto out = std::back_inserter(text);
  // Up, so that no duration is above it where both are written down.
  const double part_target = std::ceil(seconds(part_target_) * 1e5 - 1e-6) / 1e5;
  fmt::format_to(out,
                 "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{}\n"
                 "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={}.0,"
                 "PART-HOLD-BACK={:.5f}\n#EXT-X-PART-INF:PART-TARGET={:.5f}\n",
                 kTargetS, kSkipUntilS, 3 * part_target, part_target);
  const std::uint64_t first =
      segments_.empty() ? (open_ ? open_->number : 0) : segments_.front().number;
  fmt::format_to(out, "#EXT-X-MEDIA-SEQUENCE:{}\n", first);
  const std::size_t left_out = skip ? skipped() : 0;
  if (left_out > 0) fmt::format_to(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n", left_out);

  const std::uint64_t end = open_ ? end_ : end_of_list();
  const std::string* init = nullptr;
  for (std::size_t i = left_out; i < segments_.size(); ++i) {
    const auto& segment = segments_[i];
    const bool recent = segment.media_time + segment.duration + kPartsListedS * timescale_ > end;
    write_segment(text, segment, recent, init);
    fmt::format_to(out, "#EXTINF:{:.5f},\n", seconds(segment.duration));
    if (segment.gap) {
      text += "#EXT-X-GAP\ngap.m4s\n";
    } else {
      fmt::format_to(out, "/segments/{}/{}/live/{}-{}.m4s\n", capture_.text(), track_,
                     segment.first_sequence, segment.last_sequence);
    }
  }
  if (open_ && !open_->hls_parts.empty()) write_segment(text, *open_, true, init);
  if (ended_) {
    text += "#EXT-X-ENDLIST\n";
    return text;
  }
  fmt::format_to(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"/segments/{}/{}/live/{}.m4s\"\n",
                 capture_.text(), track_, next_part().value_or(0));
  for (const auto* other : others) {
    const auto position = other->last_part();
    if (!position) continue;
    fmt::format_to(out,
                   "#EXT-X-RENDITION-REPORT:URI=\"../{}/hls.m3u8?follow=1\",LAST-MSN={},"
                   "LAST-PART={}\n",
                   other->track(), position->number, position->part);
  }
  return text;
}

}  // namespace sitecast::gateway
