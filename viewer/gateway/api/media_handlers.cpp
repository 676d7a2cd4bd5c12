// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/media_handlers.h"

#include <fmt/format.h>

#include <limits>
#include <map>

#include "proto/codec/topics.h"
#include "viewer/gateway/api/file_names.h"
#include "viewer/gateway/api/media_answer.h"
#include "viewer/gateway/http/range.h"
#include "viewer/gateway/http/text.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

std::string_view media_type_of_track(std::string_view track) {
  const auto kind = track_kind(track);
  const bool sound = kind == TrackKind::kAudio || kind == TrackKind::kTalk;
  return sound ? "audio/mp4" : "video/mp4";
}

Response not_modified(std::string etag, const char* cache_control) {
  Response response;
  response.status = 304;
  response.add("ETag", std::move(etag));
  add_caching(response, cache_control);
  return response;
}

// The answer to a GET of `pieces` of one file: conditional, whole or one range (RFC 9110).
Response send_pieces(const Request& request, const std::filesystem::path& path,
                     std::vector<hub::MediaRange> pieces, std::string media_type, std::string etag,
                     const char* cache_control) {
  if (matches_etag(request.if_none_match, etag))
    return not_modified(std::move(etag), cache_control);
  auto file = File::open_for_reading(path);
  if (!file.ok()) return response_of(file.error());

  std::uint64_t size = 0;
  for (const auto& piece : pieces) size += piece.size_bytes;
  Response response;
  response.content_type = std::move(media_type);
  response.add("Accept-Ranges", "bytes");
  add_caching(response, cache_control);
  // If-Range compares strongly (section 13.1.5); another version of the file is sent whole.
  const bool range_holds = request.if_range.empty() || request.if_range == etag;
  const auto range = range_holds ? parse_range(request.range, size) : RangeAnswer(WholeRange{});
  if (std::holds_alternative<UnsatisfiableRange>(range)) {
    auto refusal = error_response(416, "range", "the range lies outside of the file");
    refusal.add("Content-Range", fmt::format("bytes */{}", size));
    return refusal;
  }
  response.add("ETag", std::move(etag));
  if (const auto* part = std::get_if<ByteRange>(&range)) {
    response.status = 206;
    response.add("Content-Range", fmt::format("bytes {}-{}/{}", part->first,
                                              part->first + part->size_bytes - 1, size));
    pieces = slice(pieces, *part);
  }
  response.body = FileBody{std::make_shared<const File>(std::move(*file)), std::move(pieces)};
  return response;
}

struct PlaylistSpan {
  std::uint64_t from = 0;
  std::uint64_t until = std::numeric_limits<std::int64_t>::max();
};

std::optional<PlaylistSpan> playlist_span(const std::string& query) {
  const auto pairs = parse_query(query);
  if (!pairs) return std::nullopt;
  PlaylistSpan span;
  for (const auto& [name, value] : *pairs) {
    const auto number = parse_unsigned(value);
    if (!number || (name != "from" && name != "until")) return std::nullopt;
    (name == "from" ? span.from : span.until) = *number;
  }
  return span;
}

}  // namespace

Response show_playlist(const ReadContext& context) {
  const auto span = playlist_span(context.request.query);
  if (!span) {
    return bad_request("from and until are media times in the track's timescale");
  }
  const auto tracks = context.reader.tracks(context.params.capture);
  if (!tracks.ok()) return response_of(tracks.error());
  const auto* track = find_track(*tracks, context.params.track);
  if (track == nullptr) return not_found_response();
  const auto segments =
      context.reader.segments(context.params.capture, track->name, span->from, span->until);
  if (!segments.ok()) return response_of(segments.error());

  std::map<std::string, std::string> codecs;
  const std::string* previous = nullptr;  // nearly every segment has its neighbour's init
  for (const auto& segment : *segments) {
    if (segment.init_hash8.empty()) continue;
    if (previous != nullptr && *previous == segment.init_hash8) continue;
    previous = &segment.init_hash8;
    const auto codec = context.codecs.find(context.reader, context.params.capture, track->name,
                                           segment.init_hash8);
    // An init segment that is not there yet (its part is lost so far) has no name yet.
    if (codec.ok()) {
      codecs.emplace(init_hash_text(segment.init_hash8), *codec);
    } else if (codec.error().kind() == ErrorKind::kUnavailable) {
      return response_of(codec.error());
    }
  }
  JsonWriter json;
  write_playlist(json, *track, is_whole(*track), *segments, codecs);
  return json_response(std::move(json).take());
}

Response send_segment(const ReadContext& context) {
  const auto& params = context.params;
  auto segment = context.reader.segment(params.capture, params.track, params.sequence);
  if (!segment.ok()) return response_of(segment.error());
  // A closed segment without holes has all it will ever have.
  const bool final = segment->closed && segment->parts_missing == 0;
  auto etag =
      fmt::format("\"{}-{}-{}\"", params.sequence, segment->part_count, segment->size_bytes());
  return send_pieces(context.request,
                     context.layout.media(context.project, params.capture, params.track),
                     std::move(segment->ranges), std::string(media_type_of_track(params.track)),
                     std::move(etag), final ? kForEver : kAskAgain);
}

Response send_init_segment(const ReadContext& context) {
  const auto& params = context.params;
  const auto init = context.reader.init_segment(params.capture, params.track, params.init_hash8);
  if (!init.ok()) return response_of(init.error());
  return init_response(params.track, to_string(ByteView(*init)));
}

Response init_response(std::string_view track, std::string bytes) {
  Response response;
  response.content_type = media_type_of_track(track);
  add_caching(response, kForEver);
  response.body = std::move(bytes);
  return response;
}

Response send_exact_segment(hub::IndexReader& reader, const hub::Layout& layout, ProjectId project,
                            const PathParams& params, const Request& request) {
  auto segment = reader.segment(params.capture, params.track, params.sequence);
  if (!segment.ok()) return response_of(segment.error());
  const auto last = params.last_sequence.value_or(params.sequence);
  const bool exact =
      segment->parts_missing == 0 && params.sequence + segment->part_count == last + 1;
  if (!exact) return not_found_response();
  auto etag = fmt::format("\"{}-{}\"", params.sequence, last);
  return send_pieces(request, layout.media(project, params.capture, params.track),
                     std::move(segment->ranges), std::string(media_type_of_track(params.track)),
                     std::move(etag), kForEver);
}

Response send_original(const ReadContext& context) {
  const auto capture = context.params.capture;
  const auto tracks = context.reader.tracks(capture);
  if (!tracks.ok()) return response_of(tracks.error());
  const hub::TrackInfo* original = nullptr;
  for (const auto& track : *tracks) {
    const auto kind = track_kind(track.name);
    if (kind && is_file_track(*kind)) original = &track;
  }
  if (original == nullptr) return not_found_response();
  auto segments =
      context.reader.segments(capture, original->name, 0, std::numeric_limits<std::int64_t>::max());
  if (!segments.ok()) return response_of(segments.error());
  std::vector<hub::MediaRange> pieces;
  std::uint64_t size = 0;
  for (const auto& segment : *segments) {
    for (const auto& range : segment.ranges) {
      size += range.size_bytes;
      pieces.push_back(range);
    }
  }
  // Half a photo is not a photo: wait until every block is here.
  if (!is_whole(*original) || size != original->file_size_bytes) {
    auto response = error_response(503, "incomplete", "not all of this file has arrived yet");
    response.add("Retry-After", "5");
    response.cause = "not every block of the file is here";
    return response;
  }
  const auto served = served_type(original->media_type);
  auto etag = fmt::format("\"{}-{}\"", capture.text(), size);
  auto response =
      send_pieces(context.request, context.layout.media(context.project, capture, original->name),
                  std::move(pieces), std::string(served.media_type), std::move(etag), kForEver);
  response.add("Content-Disposition",
               content_disposition(served.shown ? "inline" : "attachment", original->file_name));
  // Whatever it is, it gets no script, no form and no neighbour of ours.
  response.add("Content-Security-Policy", "default-src 'none'; sandbox");
  return response;
}

Response send_derived(const ReadContext& context, std::string_view file_name,
                      std::string_view media_type) {
  const auto path = context.layout.derived_dir(context.project, context.params.capture) / file_name;
  const auto file = File::open_for_reading(path);
  if (!file.ok()) return not_found_response();  // not made (yet): it can be asked for again
  const auto size = file->size_bytes();
  if (!size.ok()) return response_of(size.error());
  std::error_code failed;
  const auto changed = std::filesystem::last_write_time(path, failed);
  auto etag = fmt::format("\"{:x}-{:x}\"", *size, failed ? 0 : changed.time_since_epoch().count());
  return send_pieces(context.request, path, {{0, *size}}, std::string(media_type), std::move(etag),
                     kAskAgain);
}

}  // namespace sitecast::gateway
