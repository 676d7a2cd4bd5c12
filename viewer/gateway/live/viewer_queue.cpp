// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/viewer_queue.h"

#include <algorithm>

#include "proto/codec/topics.h"
#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {
namespace {

bool is_voice(std::string_view track) {
  const auto kind = track_kind(track);
  return kind == TrackKind::kAudio || kind == TrackKind::kTalk;
}

}  // namespace

bool ViewerQueue::push_text(Text text) {
  text_bytes_ += text->size();
  texts_.push_back(std::move(text));
  return text_bytes_ <= kTextBytes;
}

ViewerQueue::Track& ViewerQueue::track(std::string_view name) {
  for (auto& known : tracks_) {
    if (known.name == name) return known;
  }
  tracks_.push_back({std::string(name), is_voice(name), false, 0, 0, {}});
  return tracks_.back();
}

void ViewerQueue::push_part(Part part, std::int64_t now_us) {
  Track& to = track(part->track());
  if (to.until_group) {
    if (!part->starts_group) {
      ++to.left_out;
      ++dropped_parts_;
      return;
    }
    to.until_group = false;
    tell_dropped(to);
  }
  to.size_bytes += part->size_bytes();
  to.parts.push_back({std::move(part), now_us});
  const bool too_old = now_us - to.parts.front().since_us > kOldestUs;
  if (to.size_bytes > kTrackBytes || too_old) cut(to);
}

void ViewerQueue::leave_out(Track& track, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    track.size_bytes -= track.parts.front().part->size_bytes();
    track.parts.pop_front();
  }
  track.left_out += count;
  dropped_parts_ += count;
}

void ViewerQueue::cut(Track& track) {
  std::size_t newest_group = track.parts.size();
  for (std::size_t i = track.parts.size(); i-- > 1;) {
    if (track.parts[i].part->starts_group) {
      newest_group = i;
      break;
    }
  }
  leave_out(track, newest_group);
  if (track.parts.empty()) {
    track.until_group = true;
  } else {
    tell_dropped(track);
  }
}

void ViewerQueue::tell_dropped(Track& track) {
  JsonWriter json;
  json.begin_object().member("type", "dropped").member("track", track.name);
  json.member("parts", track.left_out).end_object();
  track.left_out = 0;
  // Bounded without a check: one per group of pictures.
  auto text = std::make_shared<const std::string>(std::move(json).take());
  text_bytes_ += text->size();
  texts_.push_back(std::move(text));
}

std::optional<ViewerQueue::Message> ViewerQueue::pop() {
  if (!texts_.empty()) {
    Text text = std::move(texts_.front());
    texts_.pop_front();
    text_bytes_ -= text->size();
    return Message(std::move(text));
  }
  for (const bool voice : {true, false}) {
    for (auto& from : tracks_) {
      if (from.voice != voice || from.parts.empty()) continue;
      Part part = std::move(from.parts.front().part);
      from.parts.pop_front();
      from.size_bytes -= part->size_bytes();
      return Message(std::move(part));
    }
  }
  return std::nullopt;
}

bool ViewerQueue::empty() const { return size_bytes() == 0; }

std::size_t ViewerQueue::size_bytes() const {
  std::size_t sum = text_bytes_;
  for (const auto& track : tracks_) sum += track.size_bytes;
  return sum;
}

}  // namespace sitecast::gateway
