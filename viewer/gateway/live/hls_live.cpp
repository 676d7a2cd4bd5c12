// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/hls_live.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/limits.h"
#include "proto/codec/topics.h"

namespace sitecast::gateway {
namespace {

// Everything behind the guard is one person's view (api/media_answer.h).
void keep_private(Response& response, const char* cache_control) {
  response.add("Cache-Control", cache_control);
  response.add("Vary", "Cookie");
}

Response not_in_time(std::string_view message) {
  auto response = error_response(503, "not_in_time", message);
  response.add("Retry-After", "1");
  response.cause = "nothing new came of a capture that is followed";
  return response;
}

bool is_sound(std::string_view track) {
  const auto kind = track_kind(track);
  return kind == TrackKind::kAudio || kind == TrackKind::kTalk;
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// The part as it is, but for how long its last picture lasts, if another is told: the last entry of
// the run of samples with which our muxer ends the moof.
void append_media(SharedPieces& body, const HlsWindow::Kept& kept) {
  constexpr std::size_t kEntry = 12;  // duration, size, flags
  const auto media = as_text(kept.part->media);
  const auto chunk = kept.pause == 0 ? Result<ChunkInfo>(invalid_argument("as it is"))
                                     : read_chunk(kept.part->media);
  const std::size_t end = chunk.ok() ? u32_at(media, 0) : 0;
  const bool ours = end > kEntry && end <= media.size() && media.substr(4, 4) == "moof" &&
                    u32_at(media, end - kEntry) == chunk->samples.back().duration;
  if (!ours) return body.pieces.push_back({kept.part, media});
  const std::uint32_t lasts = chunk->samples.back().duration + kept.pause;
  const auto told = std::make_shared<const std::string>(
      std::initializer_list<char>{static_cast<char>(lasts >> 24), static_cast<char>(lasts >> 16),
                                  static_cast<char>(lasts >> 8), static_cast<char>(lasts)});
  body.pieces.push_back({kept.part, media.substr(0, end - kEntry)});
  body.pieces.push_back({told, *told});
  body.pieces.push_back({kept.part, media.substr(end - kEntry + 4)});
}

Response media_response(const HlsWindow::Parts& parts, bool sound) {
  Response response;
  response.content_type = sound ? "audio/mp4" : "video/mp4";
  // Its address names these very parts.
  keep_private(response, "private, max-age=3600, immutable");
  SharedPieces body;
  body.pieces.reserve(parts.size());
  for (const auto& kept : parts) append_media(body, kept);
  response.body = std::move(body);
  return response;
}

}  // namespace

bool HlsLive::open(ProjectId project, CaptureId id, Archived archived, std::int64_t now_us) {
  const Key key{project, id};
  if (captures_.contains(key)) return true;
  const auto now = counters();
  if (now.captures >= kCaptures || now.kept_bytes >= kKeptBytes) return false;
  auto& capture = captures_[key];
  capture.captured_at_us = archived.captured_at_us;
  capture.asked_us = now_us;
  for (auto& [name, segments] : archived.tracks) {
    if (auto* track = track_of(capture, id, name)) track->window->begin_with(std::move(segments));
  }
  live_.for_each_cached(project, id, [&](const std::shared_ptr<const LivePart>& part) {
    if (auto* track = track_of(capture, id, part->track())) track->window->add(part);
  });
  keep_within_limit();
  return captures_.contains(key);
}

// The largest go: who films too much takes nothing from the others.
void HlsLive::keep_within_limit() {
  const auto bytes_of = [](const Capture& capture) {
    std::size_t sum = 0;
    for (const auto& [name, track] : capture.tracks) sum += track.window->kept_bytes();
    return sum;
  };
  for (;;) {
    std::size_t total = 0, most = 0;
    auto largest = captures_.end();
    for (auto at = captures_.begin(); at != captures_.end(); ++at) {
      const std::size_t bytes = bytes_of(at->second);
      total += bytes;
      if (bytes >= most) largest = at;
      most = std::max(most, bytes);
    }
    if (total <= kKeptBytes || largest == captures_.end()) return;
    auto dropped = captures_.extract(largest);
    for (auto& [name, track] : dropped.mapped().tracks) {
      waiting_ -= track.waiting.size();
      for (auto& waiting : track.waiting) waiting.done(not_in_time("too much is followed"));
    }
  }
}

bool HlsLive::has_only_archive(ProjectId project, CaptureId id, std::string_view name) const {
  const auto found = captures_.find({project, id});
  if (found == captures_.end() || !found->second.closed) return false;
  const auto track = found->second.tracks.find(name);
  return track == found->second.tracks.end() || !track->second.window->has_begun();
}

HlsLive::Track* HlsLive::track_of(Capture& capture, CaptureId id, std::string_view name) {
  const auto found = capture.tracks.find(name);
  if (found != capture.tracks.end()) return &found->second;
  const auto kind = track_kind(name);
  if (!kind || is_file_track(*kind)) return nullptr;
  if (capture.tracks.size() >= limits::kTracksPerCapture) return nullptr;
  auto& track = capture.tracks[std::string(name)];
  track.window =
      std::make_unique<HlsWindow>(id, std::string(name), capture.captured_at_us, !is_sound(name));
  return &track;
}

bool HlsLive::is_there(const Track& track, const HlsReload& reload) {
  if (!track.window->is_playable()) return false;
  return !reload.number || track.window->has(*reload.number, reload.part);
}

Response HlsLive::list_response(Capture& capture, Track& track, bool skip) {
  auto& text = skip ? track.delta : track.whole;
  if (!text) {
    std::vector<const HlsWindow*> others;
    for (const auto& [name, other] : capture.tracks) {
      if (&other != &track) others.push_back(other.window.get());
    }
    text = std::make_shared<const std::string>(track.window->text(skip, others));
  }
  Response response;
  response.content_type = "application/vnd.apple.mpegurl";
  keep_private(response, "private, no-cache");
  response.body = text;
  return response;
}

void HlsLive::list(ProjectId project, CaptureId id, std::string_view name, HlsReload reload,
                   std::int64_t now_us, Done done) {
  const auto found = captures_.find({project, id});
  if (found == captures_.end()) return done(not_in_time("nothing is followed here"));
  auto& capture = found->second;
  const auto at = capture.tracks.find(name);
  if (at == capture.tracks.end()) return done(not_in_time("nothing of the track is here"));
  auto* track = &at->second;
  capture.asked_us = now_us;
  if (has_only_archive(project, id, name)) return done(not_in_time("nothing of it came here"));
  if (is_there(*track, reload)) return done(list_response(capture, *track, reload.skip));
  if (reload.number && track->window->is_beyond(*reload.number, reload.part)) {
    return done(bad_request("_HLS_msn and _HLS_part are too far ahead of the list"));
  }
  if (!wait(capture, *track, {reload, now_us + kWaitUs, done})) {
    done(not_in_time("too many requests wait"));
  }
}

bool HlsLive::media(ProjectId project, CaptureId id, std::string_view name, std::uint64_t first,
                    std::optional<std::uint64_t> last, std::int64_t now_us, const Done& done) {
  const auto found = captures_.find({project, id});
  if (found == captures_.end()) return false;
  auto& capture = found->second;
  const auto at = capture.tracks.find(name);
  if (at == capture.tracks.end()) return false;
  auto& track = at->second;
  capture.asked_us = now_us;
  if (last) {
    const auto parts = track.window->segment(first, *last);
    if (parts.empty()) return false;
    done(media_response(parts, is_sound(name)));
    return true;
  }
  if (const auto* parts = track.window->hls_part(first)) {
    done(media_response(*parts, is_sound(name)));
    return true;
  }
  return track.window->next_part() == first &&
         wait(capture, track, {first, now_us + kWaitUs, done});
}

std::optional<std::string> HlsLive::init_segment(ProjectId project, CaptureId id,
                                                 std::string_view name,
                                                 std::string_view init_hash8) const {
  const auto found = captures_.find({project, id});
  if (found == captures_.end()) return std::nullopt;
  const auto track = found->second.tracks.find(name);
  if (track == found->second.tracks.end()) return std::nullopt;
  const auto* init = track->second.window->init_segment(init_hash8);
  return init == nullptr ? std::nullopt : std::optional(*init);
}

bool HlsLive::wait(Capture& capture, Track& track, Waiting waiting) {
  std::size_t of_capture = 0;
  for (const auto& [name, other] : capture.tracks) of_capture += other.waiting.size();
  if (waiting_ >= kWaiting || of_capture >= kWaitingPerCapture) return false;
  track.waiting.push_back(std::move(waiting));
  ++waiting_;
  return true;
}

void HlsLive::answer_waiting(Capture& capture, Track& track, std::optional<std::int64_t> late) {
  std::list<Waiting> ready;
  for (auto at = track.waiting.begin(); at != track.waiting.end();) {
    const auto* reload = std::get_if<HlsReload>(&at->what);
    const auto* sequence = std::get_if<std::uint64_t>(&at->what);
    const bool over = (late && at->until_us <= *late) ||
                      (track.window->ended() && !track.window->has_begun()) ||
                      (sequence != nullptr && track.window->next_part() != *sequence);
    const bool there =
        reload != nullptr ? is_there(track, *reload) : track.window->hls_part(*sequence) != nullptr;
    const auto next = std::next(at);
    if (there || over) ready.splice(ready.end(), track.waiting, at);
    at = next;
  }
  waiting_ -= ready.size();
  for (auto& waiting : ready) {
    if (const auto* reload = std::get_if<HlsReload>(&waiting.what)) {
      waiting.done(is_there(track, *reload) ? list_response(capture, track, reload->skip)
                                            : not_in_time("nothing new came in time"));
    } else if (const auto* parts = track.window->hls_part(std::get<std::uint64_t>(waiting.what))) {
      waiting.done(media_response(*parts, is_sound(track.window->track())));
    } else {
      waiting.done(error_response(404, "not_found", "it was hinted and did not come"));
    }
  }
}

void HlsLive::on_part(ProjectId project, CaptureId id,
                      const std::shared_ptr<const LivePart>& part) {
  const auto found = captures_.find({project, id});
  if (found == captures_.end()) return;
  auto& capture = found->second;
  auto* track = track_of(capture, id, part->track());
  if (track == nullptr) return;
  // What was hinted and lost is not waited for either.
  const auto hinted = track->window->next_part();
  if (!track->window->add(part) && track->window->next_part() == hinted) {
    return keep_within_limit();
  }
  track->whole.reset();
  track->delta.reset();
  answer_waiting(capture, *track, std::nullopt);
  keep_within_limit();
}

void HlsLive::on_closed(ProjectId project, CaptureId id) {
  const auto found = captures_.find({project, id});
  if (found == captures_.end() || std::exchange(found->second.closed, true)) return;
  for (auto& [name, track] : found->second.tracks) {
    track.window->end();
    track.whole.reset();
    track.delta.reset();
    answer_waiting(found->second, track, std::nullopt);
  }
}

void HlsLive::tick(std::int64_t now_us) {
  for (auto at = captures_.begin(); at != captures_.end();) {
    std::size_t waiting = 0;
    for (auto& [name, track] : at->second.tracks) {
      answer_waiting(at->second, track, now_us);
      waiting += track.waiting.size();
    }
    const bool unasked = waiting == 0 && now_us - at->second.asked_us > kUnaskedUs;
    at = unasked ? captures_.erase(at) : std::next(at);
  }
}

HlsLive::Counters HlsLive::counters() const {
  Counters counters;
  counters.captures = captures_.size();
  counters.waiting = waiting_;
  for (const auto& [key, capture] : captures_) {
    for (const auto& [name, track] : capture.tracks) {
      counters.kept_bytes += track.window->kept_bytes();
    }
  }
  return counters;
}

}  // namespace sitecast::gateway
