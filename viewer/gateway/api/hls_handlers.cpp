// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hls_handlers.h"

#include <algorithm>
#include <limits>

#include "proto/codec/box_reader.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/api/hls_playlist.h"
#include "viewer/gateway/api/media_answer.h"
#include "viewer/gateway/http/text.h"
#include "viewer/gateway/live/hls_window.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

Response playlist_response(std::string text) {
  Response response;
  response.content_type = "application/vnd.apple.mpegurl";  // RFC 8216 section 4
  add_caching(response, kAskAgain);
  response.body = std::move(text);
  return response;
}

const hub::TrackInfo* first_of(const std::vector<hub::TrackInfo>& tracks, TrackKind kind) {
  const hub::TrackInfo* first = nullptr;
  for (const auto& track : tracks) {
    if (!is_played(track) || track_kind(track.name) != kind) continue;
    if (first == nullptr || track.name < first->name) first = &track;
  }
  return first;
}

// kNotFound: nothing of it can be played yet. Who follows needs a segment that is whole: browsers
// take an empty list for a broken one; and only the newest is read for them.
Result<HlsVariant> variant_of(const ReadContext& context, const hub::TrackInfo& track,
                              bool following) {
  const auto capture = context.params.capture;
  SC_TRY_ASSIGN(
      const auto segments,
      context.reader.segments(capture, track.name, following ? newest_from(track) : 0, kToTheEnd));
  std::vector<HlsEntry> entries;
  append_entries(entries, segments, track.timescale, !following);
  if (entries.empty()) return not_found("nothing of the track is here");
  HlsVariant variant;
  variant.track = track.name;
  variant.bandwidth_bps = peak_bandwidth(segments, track.timescale);
  for (const auto& segment : segments) {
    if (segment.size_bytes() == 0) continue;
    SC_TRY_ASSIGN(variant.codec,
                  context.codecs.find(context.reader, capture, track.name, segment.init_hash8));
    SC_TRY_ASSIGN(const auto init,
                  context.reader.init_segment(capture, track.name, segment.init_hash8));
    SC_TRY_ASSIGN(const auto info, read_init(init));
    variant.width_px = info.width_px;
    variant.height_px = info.height_px;
    return variant;
  }
  return not_found("nothing of the track is here");
}

}  // namespace

Response show_hls(const ReadContext& context) {
  bool whole = false;
  bool silent = false;
  const auto pairs = parse_query(context.request.query);
  if (!pairs) return bad_request("the query is malformed");
  for (const auto& [name, value] : *pairs) {
    if (name == "whole" && value == "1") {
      whole = true;
    } else if (name == "sound" && value == "none") {
      silent = true;
    } else {
      return bad_request("the parameters are whole=1 and sound=none");
    }
  }
  const auto capture = context.reader.capture(context.params.capture);
  if (!capture.ok()) return response_of(capture.error());
  const auto tracks = context.reader.tracks(context.params.capture);
  if (!tracks.ok()) return response_of(tracks.error());
  const bool following =
      !whole && !capture->closed && context.live.is_live(capture->project, context.params.capture);

  const auto* video = first_of(*tracks, TrackKind::kVideo);
  const auto* master = first_of(*tracks, TrackKind::kMaster);
  // Full quality is a choice once all of it is here, and the only one where nothing else was
  // filmed.
  if (video != nullptr && master != nullptr && !is_whole(*master)) master = nullptr;
  std::vector<HlsVariant> pictures;
  for (const auto* track : {video, master}) {
    if (track == nullptr) continue;
    auto variant = variant_of(context, *track, following);
    if (!variant.ok()) return response_of(variant.error());
    pictures.push_back(std::move(*variant));
  }
  std::optional<HlsVariant> sound;
  const auto* audio = first_of(*tracks, TrackKind::kAudio);
  if (audio != nullptr && !(silent && !pictures.empty())) {
    auto variant = variant_of(context, *audio, following);
    if (!variant.ok()) return response_of(variant.error());
    sound = std::move(*variant);
  }
  if (pictures.empty() && !sound) return not_found_response();  // nothing to play (yet)
  return playlist_response(multivariant_playlist(context.params.capture, pictures,
                                                 sound ? &*sound : nullptr, following));
}

Response show_hls_track(const ReadContext& context) {
  return whole_track(context.reader, context.params);
}

Response whole_track(hub::IndexReader& reader, const PathParams& params) {
  const auto id = params.capture;
  const auto capture = reader.capture(id);
  if (!capture.ok()) return response_of(capture.error());
  const auto tracks = reader.tracks(id);
  if (!tracks.ok()) return response_of(tracks.error());
  const auto* track = find_track(*tracks, params.track);
  if (track == nullptr || !is_played(*track)) return not_found_response();
  const auto segments = reader.segments(id, track->name, 0, kToTheEnd);
  if (!segments.ok()) return response_of(segments.error());
  std::vector<HlsEntry> entries;
  append_entries(entries, *segments, track->timescale, true);
  return playlist_response(
      media_playlist({id, track->name, track->timescale, capture->captured_at_us}, entries));
}

bool is_played(const hub::TrackInfo& track) { return track.timescale > 0 && track.part_count > 0; }

std::uint64_t newest_from(const hub::TrackInfo& track) {
  const std::uint64_t newest = (HlsWindow::kWindowS + 6) * track.timescale;
  return track.end_media_time - std::min(newest, track.end_media_time);
}

}  // namespace sitecast::gateway
