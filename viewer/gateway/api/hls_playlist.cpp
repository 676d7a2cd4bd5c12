// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hls_playlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "proto/base/bytes.h"
#include "viewer/gateway/http/text.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint64_t kGapEntryS = 2;
// A pause between segments this long is a gap; below it is rounding and frame rate. As in
// playlist.ts.
constexpr double kGapToleranceS = 0.3;

double seconds(std::uint64_t duration, std::uint32_t timescale) {
  return static_cast<double>(duration) / timescale;
}

void append_gap(std::vector<HlsEntry>& entries, std::uint64_t from, std::uint64_t until,
                std::uint32_t timescale) {
  const std::uint64_t longest = kGapEntryS * timescale;
  while (from < until) {
    HlsEntry entry;
    entry.gap = true;
    entry.media_time = from;
    entry.duration = std::min(longest, until - from);
    from += entry.duration;
    entries.push_back(std::move(entry));
  }
}

std::uint64_t target_duration_s(const std::vector<HlsEntry>& entries, std::uint32_t timescale) {
  std::uint64_t target = 1;
  for (const auto& entry : entries) {
    target = std::max(target,
                      static_cast<std::uint64_t>(std::llround(seconds(entry.duration, timescale))));
  }
  return target;
}

std::string media_uri(CaptureId capture, std::string_view track, bool following) {
  return fmt::format("/api/v1/captures/{}/tracks/{}/hls.m3u8{}", capture.text(), track,
                     following ? "?follow=1" : "");
}

}  // namespace

void append_entries(std::vector<HlsEntry>& entries, const std::vector<hub::Segment>& segments,
                    std::uint32_t timescale, bool take_open) {
  const auto tolerance = static_cast<std::uint64_t>(kGapToleranceS * timescale);
  const std::size_t told = entries.size();
  for (const auto& segment : segments) {
    if (segment.size_bytes() == 0 || segment.duration == 0) continue;
    const std::uint64_t end =
        entries.empty() ? 0 : entries.back().media_time + entries.back().duration;
    if (segment.media_time + tolerance < end) continue;
    const bool follows = segment.media_time <= end + tolerance;
    // One clock: durations add up to media times, however a segment's last picture is counted.
    if (follows && entries.size() > told && !entries.back().gap &&
        segment.media_time > entries.back().media_time) {
      entries.back().duration = segment.media_time - entries.back().media_time;
    }
    if (!segment.closed && !take_open) break;
    if (!follows) append_gap(entries, end, segment.media_time, timescale);
    HlsEntry entry;
    entry.first_sequence = segment.first_sequence;
    entry.media_time = segment.media_time;
    entry.duration = segment.duration;
    entry.init_hash8 = segment.init_hash8;
    entries.push_back(std::move(entry));
  }
}

std::uint64_t peak_bandwidth(const std::vector<hub::Segment>& segments, std::uint32_t timescale) {
  double peak = 0;
  for (const auto& segment : segments) {
    const double lasts = seconds(segment.duration, timescale);
    // The rate of half a second and less says nothing (RFC 8216bis section 4.4.6.2: peak segments).
    if (lasts < 0.5 && segments.size() > 1) continue;
    if (lasts > 0) peak = std::max(peak, static_cast<double>(segment.size_bytes()) * 8 / lasts);
  }
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(peak)));
}

std::string media_playlist(const HlsTrack& track, const std::vector<HlsEntry>& entries) {
  constexpr std::size_t kEntryText = 90;
  std::string text;
  text.reserve(256 + entries.size() * kEntryText);
  const auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                 "#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n",
                 target_duration_s(entries, track.timescale));
  const auto capture = track.capture.text();
  const std::string* init = nullptr;
  bool date_due = true;  // at the beginning and behind what is not here
  for (const auto& entry : entries) {
    if (!entry.gap && (init == nullptr || *init != entry.init_hash8)) {
      fmt::format_to(out, "#EXT-X-MAP:URI=\"/segments/{}/{}/init/{}.mp4\"\n", capture, track.name,
                     init_hash_text(entry.init_hash8));
      init = &entry.init_hash8;
    }
    if (date_due && !entry.gap) {
      const auto media_us =
          static_cast<std::int64_t>(std::llround(seconds(entry.media_time, track.timescale) * 1e6));
      fmt::format_to(out, "#EXT-X-PROGRAM-DATE-TIME:{}\n",
                     utc_text(track.captured_at_us + media_us));
    }
    date_due = entry.gap;
    fmt::format_to(out, "#EXTINF:{:.6f},\n", seconds(entry.duration, track.timescale));
    if (entry.gap) {
      text += "#EXT-X-GAP\ngap\n";
    } else {
      fmt::format_to(out, "/segments/{}/{}/{}.m4s\n", capture, track.name, entry.first_sequence);
    }
  }
  text += "#EXT-X-ENDLIST\n";
  return text;
}

std::string multivariant_playlist(CaptureId capture, const std::vector<HlsVariant>& pictures,
                                  const HlsVariant* sound, bool following) {
  // A segment of a list that is followed may have to go on in another (live/hls_window.h).
  std::string text = following ? "#EXTM3U\n#EXT-X-VERSION:9\n"
                               : "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  const auto out = std::back_inserter(text);
  if (pictures.empty() && sound != nullptr) {
    fmt::format_to(out, "#EXT-X-STREAM-INF:BANDWIDTH={},CODECS=\"{}\"\n{}\n", sound->bandwidth_bps,
                   sound->codec, media_uri(capture, sound->track, following));
    return text;
  }
  if (sound != nullptr) {
    fmt::format_to(out,
                   "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"{}\",DEFAULT=YES,"
                   "AUTOSELECT=YES,URI=\"{}\"\n",
                   sound->track, media_uri(capture, sound->track, following));
  }
  for (const auto& picture : pictures) {
    fmt::format_to(out, "#EXT-X-STREAM-INF:BANDWIDTH={},CODECS=\"{}{}{}\",RESOLUTION={}x{}{}\n{}\n",
                   picture.bandwidth_bps + (sound == nullptr ? 0 : sound->bandwidth_bps),
                   picture.codec, sound == nullptr ? "" : ",", sound == nullptr ? "" : sound->codec,
                   picture.width_px, picture.height_px, sound == nullptr ? "" : ",AUDIO=\"sound\"",
                   media_uri(capture, picture.track, following));
  }
  return text;
}

}  // namespace sitecast::gateway
