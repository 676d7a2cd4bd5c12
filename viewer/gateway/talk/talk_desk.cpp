// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/talk/talk_desk.h"

#include <algorithm>
#include <utility>

#include "proto/codec/limits.h"
#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {
namespace {

// 50 a second are spoken; a page that was held up may catch up.
constexpr double kPacketsPerSecond = 75;
constexpr double kPacketsAtOnce = 150;
constexpr std::size_t kSaidKept = 32;
// The two messages that are known; anything else is thrown away.
constexpr std::string_view kTalk = R"({"type":"talk"})";
constexpr std::string_view kHush = R"({"type":"hush"})";

void refuse(PushChannel& channel, std::string_view reason) {
  JsonWriter json;
  json.begin_object().member("type", "floor_refused").member("reason", reason).end_object();
  channel.send_text(std::make_shared<const std::string>(std::move(json).take()));
}

}  // namespace

TalkDesk::TalkDesk(LiveHub& live, std::string track, Ways ways, const Clock& clock)
    : live_(live), track_(std::move(track)), ways_(std::move(ways)), clock_(clock) {
  live_.tell_voices([this](CaptureId capture, std::string_view name, std::uint64_t sequence) {
    return voice_of(capture, name, sequence);
  });
}

void TalkDesk::gateway_is(DeviceId gateway) {
  ready_ = true;
  live_.take_voices_from(gateway);
}

void TalkDesk::admit(ProjectId project, CaptureId capture, Person person,
                     const std::shared_ptr<PushChannel>& channel) {
  const Key key{project, capture};
  Room& room = rooms_[key];
  room.listeners.push_back({channel, std::move(person), kPacketsAtOnce, clock_.monotonic_us()});
  tell(room.listeners.back(), room);
  channel->when_said([this, key, raw = channel.get()](bool binary, std::string_view message) {
    on_message(key, raw, binary, message);
  });
  channel->when_closed([this, key, raw = channel.get()] { on_closed(key, raw); });
}

void TalkDesk::on_message(const Key& key, const PushChannel* channel, bool binary,
                          std::string_view message) {
  const auto found = rooms_.find(key);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  const auto listener =
      std::find_if(room.listeners.begin(), room.listeners.end(),
                   [&](const Listener& one) { return one.channel.get() == channel; });
  if (listener == room.listeners.end() || !may_send(*listener, clock_.monotonic_us())) return;
  if (binary) {
    on_packet(key, room, *listener, message);
  } else if (message == kTalk) {
    take_floor(key, room, *listener);
  } else if (message == kHush && room.floor.holder() == channel) {
    hush(key, room);
  }
}

bool TalkDesk::may_send(Listener& listener, std::int64_t now_us) {
  const auto seconds = static_cast<double>(now_us - listener.filled_us) / 1e6;
  listener.packets = std::min(kPacketsAtOnce, listener.packets + seconds * kPacketsPerSecond);
  listener.filled_us = now_us;
  if (listener.packets < 1) return false;
  listener.packets -= 1;
  return true;
}

void TalkDesk::take_floor(const Key& key, Room& room, Listener& listener) {
  PushChannel& channel = *listener.channel;
  if (!ready_) return refuse(channel, "unavailable");
  if (ways_.is_full()) return refuse(channel, "full");
  const std::int64_t now_us = clock_.monotonic_us();
  const auto moment = live_.moment_of(key.project, key.capture, now_us);
  if (!moment) return refuse(channel, "away");
  if (room.floor.holder() == &channel) return tell(listener, room);
  const bool taken_away = room.floor.holder() != nullptr;
  Floor floor = room.floor;
  if (!floor.take(&channel, listener.person.name, listener.person.centre, now_us)) {
    return refuse(channel, "busy");
  }
  if (taken_away) end_turn(key, room);
  room.floor = floor;
  if (!room.track) room.track.emplace(key.capture, track_);
  room.device = moment->device;
  room.packets = 0;
  room.said.push_back({&channel, room.track->next_sequence(), std::nullopt});
  if (room.said.size() > kSaidKept) room.said.pop_front();
  tell_floor(key, room);
}

void TalkDesk::hush(const Key& key, Room& room) {
  if (!room.floor.give_back(room.floor.holder())) return;
  end_turn(key, room);
  tell_floor(key, room);
}

// All that was said is handed on; who speaks next is the caller's to tell.
void TalkDesk::end_turn(const Key& key, Room& room) {
  hand_on(key, room, room.track->end());
  room.said.back().to = room.track->next_sequence();
}

void TalkDesk::on_packet(const Key& key, Room& room, Listener& listener, std::string_view opus) {
  if (room.floor.holder() != listener.channel.get()) return;  // taken away meanwhile
  if (opus.empty() || opus.size() > limits::kOpusPacketBytes) return;
  const std::int64_t now_us = clock_.monotonic_us();
  room.floor.heard(now_us);
  const auto moment = live_.moment_of(key.project, key.capture, now_us);
  if (!moment) return hush(key, room);  // it has ended
  v1::Talk talk;
  talk.set_capture_id(key.capture.raw());
  talk.set_speaker(room.floor.name());
  talk.set_packet(room.packets++);
  talk.set_opus(opus.data(), opus.size());
  ways_.to_device(key.project, room.device, talk);
  hand_on(key, room, room.track->add(opus, moment->media_time_us, clock_.wall_us()));
}

void TalkDesk::hand_on(const Key& key, Room& room, Result<std::optional<TalkPart>> part) {
  if (!part.ok()) {
    log_.error("a part of talk could not be made: {}", part.error().message());
  } else if (*part) {
    ways_.to_archive(key.project, key.capture, room.track->name(), std::move(**part));
  }
}

void TalkDesk::tell_floor(const Key& key, Room& room) {
  v1::Talk talk;
  talk.set_capture_id(key.capture.raw());
  talk.set_speaker(room.floor.name());
  ways_.to_device(key.project, room.device, talk);
  for (Listener& listener : room.listeners) tell(listener, room);
}

void TalkDesk::tell(Listener& listener, const Room& room) {
  JsonWriter json;
  json.begin_object().member("type", "floor").key("speaker");
  if (room.floor.holder() == nullptr) {
    json.value(nullptr);
  } else {
    json.value(room.floor.name());
  }
  json.member("yours", room.floor.holder() == listener.channel.get()).end_object();
  listener.channel->send_text(std::make_shared<const std::string>(std::move(json).take()));
}

const PushChannel* TalkDesk::voice_of(CaptureId capture, std::string_view track,
                                      std::uint64_t sequence) const {
  if (track != track_) return nullptr;
  for (const auto& [key, room] : rooms_) {
    if (key.capture != capture) continue;
    for (const Said& said : room.said) {
      if (sequence >= said.from && (!said.to || sequence < *said.to)) return said.speaker;
    }
  }
  return nullptr;
}

void TalkDesk::on_closed(const Key& key, const PushChannel* channel) {
  const auto found = rooms_.find(key);
  if (found == rooms_.end()) return;
  Room& room = found->second;
  std::erase_if(room.listeners, [&](const Listener& one) { return one.channel.get() == channel; });
  if (room.floor.holder() == channel) hush(key, room);
  // Another viewer may be given this address.
  for (Said& said : room.said) {
    if (said.speaker == channel) said.speaker = nullptr;
  }
}

void TalkDesk::tick() {
  const std::int64_t now_us = clock_.monotonic_us();
  for (auto& [key, room] : rooms_) {
    if (room.floor.is_silent(now_us)) hush(key, room);
  }
  // Where somebody has spoken the track's sequence is kept: it may go on hours later.
  std::erase_if(rooms_, [](const auto& entry) {
    return entry.second.listeners.empty() && !entry.second.track;
  });
}

}  // namespace sitecast::gateway
