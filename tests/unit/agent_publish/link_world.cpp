// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent_publish/link_world.h"

#include <algorithm>

#include "proto/codec/running_hash.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kStepUs = 5'000;
constexpr std::int64_t kSyncUs = 200'000, kCommitUs = 200'000, kWatchUs = 250'000;
constexpr std::int64_t kSoundUs = 100'000, kGroupUs = 2'000'000;
constexpr double kInitialWindowBytes = 14'600;
constexpr double kLowWaterBytes = 16'384, kDeepLowWaterBytes = 262'144;  // as the courier says
constexpr double kAroundMessage = 110;                                   // topic, MQTT, TLS
constexpr double kHandshakeBytes = 3'000;
constexpr double kKeyWeight = 5;  // of a key frame, in ordinary ones
constexpr std::int64_t kClientGoneUs = 1'000'000;
constexpr std::uint32_t kBlockBytes = 65'536;

}  // namespace

LinkWorld::LinkWorld(LinkWorldSettings settings)
    : settings_(settings), machine_({8 << 20, "world"}, *this, clock_, 1), rung_(settings.live) {
  if (settings_.adapts) follower_.adapt(make_rungs(settings_.live));
  add_track("video");
  add_track("audio");
}

void LinkWorld::add_track(const std::string& name) {
  Track track;
  track.at.handle = static_cast<TrackHandle>(tracks_.size());
  track.at.project = project_;
  track.at.capture = capture_;
  track.at.track = name;
  tracks_.push_back(track);
  machine_.track_added(track.at);
}

void LinkWorld::add_document(std::uint64_t blocks) {
  Track track;
  track.at.handle = static_cast<TrackHandle>(tracks_.size());
  track.at.project = project_;
  track.at.capture = capture_;
  track.at.track = "file";
  track.at.made = track.at.synced = blocks;
  track.at.ended = true;
  track.sizes.assign(blocks, kBlockBytes);
  track.made_us.assign(blocks, clock_.monotonic_us());
  tracks_.push_back(track);
  machine_.track_added(track.at);
}

std::uint32_t LinkWorld::frame_bytes(TrackHandle track, std::uint64_t sequence) {
  return tracks_.at(track).sizes.at(sequence);
}

std::optional<Hash> LinkWorld::running_hash(TrackHandle, std::uint64_t count) {
  Hash hash{};
  for (int i = 0; i < 8; ++i) {
    hash[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(count >> (8 * i));
  }
  return hash;
}

void LinkWorld::set_rate(double kbps) {
  bytes_per_us_ = kbps / 8'000;
  if (kbps > 0 || !connected_) return;
  drop_connection();
  stale_bytes_ = 0;
  machine_.disconnected("cut");
}

void LinkWorld::run(double seconds, const std::function<void()>& each_step) {
  const std::int64_t end_us = clock_.monotonic_us() + static_cast<std::int64_t>(seconds * 1e6);
  while (clock_.monotonic_us() < end_us) {
    clock_.advance_us(kStepUs);
    const std::int64_t now = clock_.monotonic_us();
    while (!planned_.empty() && planned_.begin()->first <= now) {
      const auto what = std::move(planned_.begin()->second);
      planned_.erase(planned_.begin());
      what();
      carry_out();
    }
    drain();
    if (connecting_ && bytes_per_us_ > 0) machine_.connecting_moves();
    if (connected_) {
      machine_.tcp(tcp_state_of(figures()));
    }
    film();
    if (now >= sync_due_us_) {
      sync_due_us_ = now + kSyncUs;
      sync();
    }
    if (now >= commit_due_us_) {
      commit_due_us_ = now + kCommitUs;
      commit();
    }
    if (connected_ && now >= watch_due_us_) {
      watch_due_us_ = now + kWatchUs;
      if (follower_.observe(figures(), now)) {
        rung_ = *follower_.rung();
        key_wanted_ = true;
      }
      carry_out();
    }
    tick_due_us_ = std::min(tick_due_us_, machine_.next_tick_us());
    if (now >= tick_due_us_) {
      machine_.tick();
      carry_out();
      tick_due_us_ = machine_.next_tick_us();
    }
    if (each_step) each_step();
  }
}

// A group is a key frame and ordinary ones, as many bytes as the rung says.
void LinkWorld::film() {
  if (!settings_.films) return;
  const std::int64_t now = clock_.monotonic_us();
  if (now >= next_sound_us_) {
    next_sound_us_ = now + kSoundUs;
    const double kbps = std::max(rung_.audio_kbps, 24U);  // voice is always recorded
    make_part(kAudio, kbps * 125 * 0.1, true);
  }
  if (rung_.video_kbps == 0 || (now < next_picture_us_ && !key_wanted_)) return;
  const bool still = rung_.still_every_ms > 0;
  const std::int64_t group_us = still ? rung_.still_every_ms * 1'000 : kGroupUs;
  const std::int64_t picture_us = still ? group_us : 1'000'000 / rung_.fps;
  const bool key = key_wanted_ || now >= key_due_us_;
  if (key) key_due_us_ = now + group_us;
  key_wanted_ = false;
  next_picture_us_ = now + picture_us;
  const double share = rung_.video_kbps < settings_.live.video_kbps ? settings_.thin_share : 1;
  const double group_bytes = share * rung_.video_kbps * 0.000125 * static_cast<double>(group_us);
  const double pictures = static_cast<double>(group_us) / static_cast<double>(picture_us);
  const double ordinary = group_bytes / (pictures - 1 + kKeyWeight);
  make_part(kVideo, still ? group_bytes : key ? ordinary * kKeyWeight : ordinary, key);
}

void LinkWorld::make_part(TrackHandle handle, double bytes, bool key) {
  Track& track = tracks_[handle];
  const auto size = static_cast<std::uint32_t>(bytes + 50);  // envelope
  track.sizes.push_back(size);
  track.made_us.push_back(clock_.monotonic_us());
  machine_.part_made(handle, track.sizes.size() - 1, size, key);
  carry_out();
}

void LinkWorld::sync() {
  std::vector<SyncedTrack> group;
  for (const TrackHandle handle : {kVideo, kAudio}) {
    group.push_back({handle, tracks_[handle].sizes.size(), false});
  }
  machine_.group_synced(group, {});
  carry_out();
}

void LinkWorld::carry_out() {
  for (;;) {
    const auto actions = machine_.take_actions();
    if (actions.empty()) return;
    for (const Action& action : actions) {
      std::visit([this](const auto& what) { act(what); }, action);
    }
  }
}

void LinkWorld::act(const SendPart& send) {
  Message message;
  message.token = send.token;
  message.asks_puback = !send.live;
  message.arrives = [this, send] {
    Track& track = tracks_[send.track];
    track.fresh.push_back(send.sequence);
    track.newest = std::max(track.newest, send.sequence + 1);
    if (send.live) live_delays_.push_back(clock_.monotonic_us() - track.made_us[send.sequence]);
  };
  publish(std::move(message), tracks_[send.track].sizes[send.sequence]);
}

void LinkWorld::act(const SendHello& hello) {
  Message message;
  message.token = hello.token;
  message.asks_puback = true;
  message.arrives = [this, hello] {
    v1::Receipt receipt;
    receipt.set_answers(hello.hello.question());
    for (Track& track : tracks_) {
      commit(track);
      add_receipt(receipt, track);
    }
    deliver(receipt);
  };
  publish(std::move(message), 60.0 * hello.hello.tracks_size());
}

void LinkWorld::act(const Connect&) {
  ++connection_;
  connecting_ = true;
  // TCP, TLS and MQTT, behind what a connection before has left in the bottleneck.
  const double transfer_us =
      bytes_per_us_ > 0 ? (stale_bytes_ + kHandshakeBytes) / bytes_per_us_ : 0;
  later(kClientGoneUs + 4 * 2 * one_way_us_ + static_cast<std::int64_t>(transfer_us), [this] {
    connecting_ = false;
    if (bytes_per_us_ <= 0) {
      machine_.connect_failed(verdict_of_connack(0x80), "no link");
      return;
    }
    connected_ = true;
    stale_bytes_ = 0;
    if (follower_.restart()) {
      rung_ = *follower_.rung();
      key_wanted_ = true;
    }
    machine_.connected();
  });
}

void LinkWorld::act(const Disconnect&) { drop_connection(); }

void LinkWorld::drop_connection() {
  stale_bytes_ = queued_bytes();
  ++connection_;
  connected_ = connecting_ = false;
  waiting_.clear();
  kernel_.clear();
  kernel_bytes_ = air_bytes_ = acknowledged_bytes_ = best_bytes_per_us_ = 0;
}

void LinkWorld::publish(Message message, double bytes) {
  message.bytes_left = bytes + kAroundMessage;
  waiting_.push_back(std::move(message));
}

double LinkWorld::window_bytes() const {
  const double path = 2 * best_bytes_per_us_ * static_cast<double>(2 * one_way_us_);
  return std::max(kInitialWindowBytes, std::min(kInitialWindowBytes + acknowledged_bytes_, path));
}

double LinkWorld::emitted_bytes() const {
  return air_bytes_ + std::min(kernel_bytes_, std::max(0.0, window_bytes() - air_bytes_));
}

// What was emitted and finds no room in the bottleneck's queue is lost and sent again in its turn.
double LinkWorld::queued_bytes() const {
  const double most =
      settings_.queue_bytes > 0 ? settings_.queue_bytes : settings_.queue_ms * 1000 * bytes_per_us_;
  return std::min(emitted_bytes() - air_bytes_, most);
}

void LinkWorld::drain() {
  if (!connected_) {
    stale_bytes_ = std::max(0.0, stale_bytes_ - bytes_per_us_ * kStepUs);
    return;
  }
  best_bytes_per_us_ = std::max(best_bytes_per_us_, bytes_per_us_);
  double room = std::min(bytes_per_us_ * kStepUs, std::max(0.0, window_bytes() - air_bytes_));
  double through = 0;
  const double low_water = machine_.live() ? kLowWaterBytes : kDeepLowWaterBytes;
  for (;;) {
    const double unsent = kernel_bytes_ + air_bytes_ - emitted_bytes();
    if (!waiting_.empty() && unsent < low_water) {
      Message& message = waiting_.front();
      kernel_bytes_ += message.bytes_left;
      if (!message.asks_puback) machine_.written(message.token);
      kernel_.push_back(std::move(message));
      waiting_.pop_front();
      continue;
    }
    if (kernel_.empty() || room <= 0) break;
    Message& first = kernel_.front();
    const double taken = std::min(room, first.bytes_left);
    first.bytes_left -= taken;
    room -= taken;
    through += taken;
    kernel_bytes_ -= taken;
    air_bytes_ += taken;
    if (first.bytes_left > 0) break;
    later(one_way_us_, first.arrives);
    if (first.asks_puback) {
      later(2 * one_way_us_, [this, token = first.token] { machine_.puback(token, 0); });
    }
    kernel_.pop_front();
  }
  carried_bytes_ += through;
  if (through <= 0) return;
  later(2 * one_way_us_, [this, through] {
    air_bytes_ -= through;
    acknowledged_bytes_ += through;
  });
}

LinkFigures LinkWorld::figures() const {
  LinkFigures figures;
  const double queue_us = bytes_per_us_ > 0 ? queued_bytes() / bytes_per_us_ : 0;
  figures.round_trip_us = 2 * one_way_us_ + static_cast<std::int64_t>(queue_us);
  figures.acknowledged_bytes = static_cast<std::uint64_t>(acknowledged_bytes_);
  figures.outstanding_bytes = static_cast<std::uint64_t>(kernel_bytes_ + air_bytes_);
  figures.unsent_bytes = static_cast<std::uint32_t>(kernel_bytes_ + air_bytes_ - emitted_bytes());
  return figures;
}

void LinkWorld::commit() {
  v1::Receipt receipt;
  for (Track& track : tracks_) {
    if (commit(track)) add_receipt(receipt, track);
  }
  if (connected_ && receipt.tracks_size() > 0) deliver(receipt);
}

bool LinkWorld::commit(Track& track) {
  if (track.fresh.empty()) return false;
  for (const std::uint64_t sequence : track.fresh) {
    if (sequence >= track.contiguous) track.beyond.insert(sequence);
  }
  track.fresh.clear();
  while (!track.beyond.empty() && *track.beyond.begin() == track.contiguous) {
    track.beyond.erase(track.beyond.begin());
    ++track.contiguous;
  }
  return true;
}

void LinkWorld::add_receipt(v1::Receipt& receipt, const Track& track) {
  v1::TrackReceipt& entry = *receipt.add_tracks();
  entry.set_capture_id(capture_.raw());
  entry.set_track(track.at.track);
  entry.set_contiguous(track.contiguous);
  entry.set_running_hash(to_string(*running_hash(track.at.handle, track.contiguous)));
  for (auto at = track.beyond.begin(); at != track.beyond.end();) {
    v1::SequenceRange& range = *entry.add_beyond();
    range.set_first(*at);
    std::uint64_t count = 0;
    for (; at != track.beyond.end() && *at == range.first() + count; ++at) ++count;
    range.set_count(count);
  }
}

void LinkWorld::deliver(const v1::Receipt& receipt) {
  later(one_way_us_, [this, receipt] { machine_.receipt(receipt); });
}

void LinkWorld::later(std::int64_t delay_us, std::function<void()> what) {
  planned_.emplace(clock_.monotonic_us() + delay_us,
                   [this, connection = connection_, what = std::move(what)] {
                     if (connection == connection_) what();
                   });
}

std::uint64_t LinkWorld::voice_behind() const {
  return tracks_[kAudio].sizes.size() - tracks_[kAudio].newest;
}

std::int64_t LinkWorld::live_delay_us(double share) const {
  if (live_delays_.empty()) return 0;
  auto sorted = live_delays_;
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::uint64_t LinkWorld::missing() const {
  std::uint64_t count = 0;
  for (const Track& track : tracks_)
    count += track.sizes.size() - track.contiguous - track.beyond.size();
  return count;
}

}  // namespace sitecast::agent
