// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/live_hub.h"

#include <algorithm>

#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/limits.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

std::string text_of_type(std::string_view type, std::string_view name, std::string_view value) {
  JsonWriter json;
  json.begin_object().member("type", type).member(name, value).end_object();
  return std::move(json).take();
}

void remove(std::vector<std::shared_ptr<PushChannel>>& channels, const PushChannel* channel) {
  std::erase_if(channels, [&](const auto& other) { return other.get() == channel; });
}

}  // namespace

void LiveHub::on_part(ProjectId project, DeviceId device, CaptureId id,
                      std::shared_ptr<const LivePart> part, std::int64_t now_us) {
  const Key key{project, id};
  if (track_kind(part->track()) == TrackKind::kTalk) return on_voice(key, device, part);
  Capture* entry = entry_for(key, device);
  if (entry == nullptr) {
    ++refused_parts_;
    return;
  }
  Capture& capture = *entry;
  if (capture.closed) return;
  capture.device = device;
  capture.last_part_us = now_us;
  capture.offline_since_us.reset();
  capture.told_ended = false;
  if (!capture.live) set_live(key, capture, true);
  note_moment(capture, *part, now_us);
  cache(capture, part);
  if (follower_ != nullptr) follower_->on_part(project, id, part);
  for (const auto& viewer : capture.viewers) viewer->send_part(part);
}

// Says nothing of what is filmed, and is not kept: whoever comes later hears what is said then.
void LiveHub::on_voice(const Key& key, DeviceId device,
                       const std::shared_ptr<const LivePart>& part) {
  const auto found = captures_.find(key);
  if (found == captures_.end() || found->second.closed || device != gateway_) return;
  const PushChannel* speaker =
      voice_of_ ? voice_of_(key.capture, part->track(), part->sequence) : nullptr;
  for (const auto& viewer : found->second.viewers) {
    if (viewer.get() != speaker) viewer->send_part(part);
  }
}

void LiveHub::note_moment(Capture& capture, const LivePart& part, std::int64_t now_us) {
  const auto kind = track_kind(part.track());
  std::uint32_t timescale = 0;
  if (kind == TrackKind::kVideo) {
    timescale = kVideoTimescale;
  } else if (kind == TrackKind::kAudio) {
    if (part.timescale != 0) capture.sound_timescale = part.timescale;
    timescale = capture.sound_timescale;
    // Pictures may have stopped for want of bandwidth.
    if (capture.end_of_video && now_us - capture.end_at_us < kLiveUs) return;
  }
  if (timescale == 0) return;
  const std::uint64_t end = part.media_time + part.duration;
  capture.end_us = static_cast<std::int64_t>(end / timescale * 1'000'000 +
                                             end % timescale * 1'000'000 / timescale);
  capture.end_at_us = now_us;
  capture.end_of_video = kind == TrackKind::kVideo;
}

std::optional<LiveHub::Moment> LiveHub::moment_of(ProjectId project, CaptureId id,
                                                  std::int64_t now_us) const {
  const auto found = captures_.find(Key{project, id});
  if (found == captures_.end()) return std::nullopt;
  const Capture& capture = found->second;
  if (capture.closed || !capture.device || capture.end_at_us == 0) return std::nullopt;
  if (now_us - capture.end_at_us > kSilentUs) return std::nullopt;
  return Moment{*capture.device, capture.end_us + now_us - capture.end_at_us};
}

LiveHub::Capture* LiveHub::entry_for(const Key& key, DeviceId device) {
  auto found = captures_.find(key);
  if (found != captures_.end() && found->second.counted_of) return &found->second;
  // New, or so far only watched.
  if (found == captures_.end() && captures_.size() >= kCaptures) return nullptr;
  std::size_t& count = captures_of_[device];
  if (count >= kCapturesPerDevice) return nullptr;
  ++count;
  if (found == captures_.end()) found = captures_.emplace(key, Capture{}).first;
  found->second.counted_of = device;
  return &found->second;
}

void LiveHub::cache(Capture& capture, const std::shared_ptr<const LivePart>& part) {
  auto found = capture.tracks.find(part->track());
  if (found == capture.tracks.end()) {
    if (capture.tracks.size() >= limits::kTracksPerCapture) return;
    found = capture.tracks.emplace(std::string(part->track()), TrackCache{}).first;
  }
  TrackCache& track = found->second;
  const bool has_group = !track.group.empty();
  // One that was overtaken belongs to a group that nobody will start from any more.
  if (has_group && part->sequence < track.group.front()->sequence) return;
  const auto clear = [&] {
    cached_bytes_ -= track.size_bytes;
    track = TrackCache{};
  };
  if (part->starts_group) {
    clear();
  } else if (!has_group) {
    return;
  }
  const std::size_t size = part->size_bytes();
  if (track.size_bytes + size > kCachedBytesPerTrack || cached_bytes_ + size > kCachedBytes) {
    clear();  // a new viewer waits for the next key frame
    return;
  }
  track.group.push_back(part);
  track.size_bytes += size;
  cached_bytes_ += size;
}

void LiveHub::forget_groups(Capture& capture) {
  for (const auto& [name, track] : capture.tracks) cached_bytes_ -= track.size_bytes;
  capture.tracks.clear();
}

void LiveHub::set_live(const Key& key, Capture& capture, bool live) {
  capture.live = live;
  publish_snapshot();
  if (const auto* viewers = project_viewers(key.project)) {
    send(*viewers,
         text_of_type(live ? "live_started" : "live_ended", "capture_id", key.capture.text()));
  }
}

void LiveHub::tell_ended(Capture& capture, std::string_view reason) {
  capture.told_ended = true;
  send(capture.viewers, text_of_type("ended", "reason", reason));
}

void LiveHub::on_status(ProjectId project, DeviceId device, bool online, std::int64_t now_us) {
  for (auto& [key, capture] : captures_) {
    if (key.project != project || capture.device != device) continue;
    if (online) {
      capture.offline_since_us.reset();
    } else if (!capture.offline_since_us) {
      capture.offline_since_us = now_us;
    }
  }
}

void LiveHub::on_event(ProjectId project, const v1::CommittedEvent& committed) {
  v1::Event event;
  const auto device = DeviceId::from_bytes(committed.device_id());
  if (!device || !event.ParseFromString(committed.event())) return;
  const auto event_id = EventId::from_bytes(event.event_id());
  if (!event_id) return;

  hub::EventInfo info;
  info.id = *event_id;
  info.kind = event.kind();
  info.device = *device;
  info.stated_at_us = event.stated_at_us();
  info.received_at_us = committed.received_at_us();
  info.capture = CaptureId::from_bytes(event.capture_id());
  if (event.has_media_time()) info.media_time_us = event.media_time_us();
  const auto bytes = as_bytes(committed.event());
  info.event_bytes.assign(bytes.begin(), bytes.end());

  JsonWriter json;
  json.begin_object().member("type", "event").key("event");
  write_event(json, info);
  json.end_object();
  const std::string text = std::move(json).take();

  if (const auto* viewers = project_viewers(project)) {
    send(*viewers, text);
    if (info.capture) {
      send(*viewers, text_of_type("capture_changed", "capture_id", info.capture->text()));
    }
  }
  if (!info.capture) return;
  const Key key{project, *info.capture};
  const auto found = captures_.find(key);
  if (found == captures_.end()) return;
  Capture& capture = found->second;
  send(capture.viewers, text);
  if (event.kind() != "capture.closed") return;
  capture.closed = true;
  if (follower_ != nullptr) follower_->on_closed(project, *info.capture);
  tell_ended(capture, "closed");
  forget_groups(capture);
  if (capture.live) set_live(key, capture, false);
  const Channels viewers = capture.viewers;
  for (const auto& viewer : viewers) viewer->close(CloseCode::kNormal);
}

void LiveHub::on_devices_changed(ProjectId project) {
  if (const auto* viewers = project_viewers(project)) {
    send(*viewers, R"({"type":"devices_changed"})");
  }
}

void LiveHub::on_gap() {
  for (const auto& [project, viewers] : project_viewers_) send(viewers, R"({"type":"resync"})");
}

void LiveHub::tick(std::int64_t now_us) {
  std::vector<Key> forgotten;
  for (auto& [key, capture] : captures_) {
    const std::int64_t silent_us = now_us - capture.last_part_us;
    if (capture.live && silent_us > kLiveUs) set_live(key, capture, false);
    if (!capture.told_ended) {
      const bool offline =
          capture.offline_since_us && now_us - *capture.offline_since_us > kOfflineUs;
      if (offline || silent_us > kSilentUs) {
        tell_ended(capture, offline ? "offline" : "silent");
        forget_groups(capture);
      }
    }
    if (silent_us > kForgetUs && capture.viewers.empty()) forgotten.push_back(key);
  }
  for (const auto& key : forgotten) {
    const auto entry = captures_.find(key);
    if (entry->second.counted_of) {
      const auto count = captures_of_.find(*entry->second.counted_of);
      if (--count->second == 0) captures_of_.erase(count);
    }
    captures_.erase(entry);
  }
}

void LiveHub::watch_capture(ProjectId project, CaptureId id, bool ended,
                            const std::shared_ptr<PushChannel>& channel, std::int64_t now_us) {
  if (ended) {
    send({channel}, text_of_type("ended", "reason", "closed"));
    channel->close(CloseCode::kNormal);
    return;
  }
  const Key key{project, id};
  auto found = captures_.find(key);
  if (found == captures_.end()) {
    found = captures_.emplace(key, Capture{}).first;
    found->second.last_part_us = now_us;  // from here on it is silent
  }
  Capture& capture = found->second;
  for (const auto& [name, track] : capture.tracks) {
    for (const auto& part : track.group) channel->send_part(part);
  }
  if (capture.told_ended) {
    const bool offline = capture.offline_since_us.has_value();
    send({channel}, text_of_type("ended", "reason", offline ? "offline" : "silent"));
  }
  capture.viewers.push_back(channel);
  channel->when_closed([this, key, raw = channel.get()] {
    const auto entry = captures_.find(key);
    if (entry != captures_.end()) remove(entry->second.viewers, raw);
  });
}

void LiveHub::watch_project(ProjectId project, const std::shared_ptr<PushChannel>& channel) {
  project_viewers_[project].push_back(channel);
  channel->when_closed([this, project, raw = channel.get()] {
    const auto entry = project_viewers_.find(project);
    if (entry == project_viewers_.end()) return;
    remove(entry->second, raw);
    if (entry->second.empty()) project_viewers_.erase(entry);
  });
}

void LiveHub::for_each_cached(
    ProjectId project, CaptureId id,
    const std::function<void(const std::shared_ptr<const LivePart>&)>& take) const {
  const auto found = captures_.find(Key{project, id});
  if (found == captures_.end()) return;
  for (const auto& [name, track] : found->second.tracks) {
    for (const auto& part : track.group) take(part);
  }
}

void LiveHub::publish_snapshot() {
  auto snapshot = std::make_shared<LiveSnapshot>();
  for (const auto& [key, capture] : captures_) {
    if (capture.live) snapshot->captures[key.project].push_back(key.capture);
  }
  // Capture ids are UUIDv7: their order is that of their making.
  for (auto& [project, captures] : snapshot->captures) std::sort(captures.begin(), captures.end());
  snapshot_.publish(std::move(snapshot));
}

void LiveHub::send(const Channels& channels, std::string text) {
  const auto shared = std::make_shared<const std::string>(std::move(text));
  for (const auto& channel : channels) channel->send_text(shared);
}

const LiveHub::Channels* LiveHub::project_viewers(ProjectId project) const {
  const auto found = project_viewers_.find(project);
  return found == project_viewers_.end() ? nullptr : &found->second;
}

LiveHub::Counters LiveHub::counters() const {
  Counters counters;
  counters.cached_bytes = cached_bytes_;
  counters.refused_parts = refused_parts_;
  for (const auto& [key, capture] : captures_) {
    counters.live_captures += capture.live ? 1 : 0;
    counters.viewers += capture.viewers.size();
  }
  return counters;
}

}  // namespace sitecast::gateway
