// SPDX-License-Identifier: Apache-2.0
// What is live now, and who watches it. Keeps the current group of pictures of every track (from
// the last part that carries an init segment), so that a new viewer has a picture at once, and
// hands each new part to all viewers of its capture without copying it.
//
// A capture is live while its parts come; after 3 s of silence it is not (lists, badge), and
// becomes so again with the next part. Its viewers are told {"type":"ended","reason":…}: `closed`
// when the hub has committed capture.closed (then the channel closes), `offline` when the device's
// last will has come and no part within 5 s, `silent` after 30 s without a part; after the last two
// the channel stays and parts go on when they come. Captures are kept apart by project: a device
// that publishes a foreign capture's id under its own project reaches viewers of its own project
// only. Owner thread: the io thread. Time: monotonic microseconds. No I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/base/id.h"
#include "sitecast.pb.h"
#include "viewer/gateway/live/part.h"
#include "viewer/gateway/live/push_channel.h"
#include "viewer/gateway/live/snapshot.h"
#include "viewer/gateway/live/viewer_queue.h"

namespace sitecast::gateway {

class LiveHub {
 public:
  static constexpr std::int64_t kLiveUs = 3'000'000;
  static constexpr std::int64_t kOfflineUs = 5'000'000;
  static constexpr std::int64_t kSilentUs = 30'000'000;
  static constexpr std::int64_t kForgetUs = 120'000'000;
  static constexpr std::size_t kCaptures = 10'000;
  // Far more than a device films in kForgetUs, so that one gone wild leaves the others their room.
  static constexpr std::size_t kCapturesPerDevice = 100;
  static constexpr std::size_t kCachedBytes = 256U * 1024 * 1024;
  static constexpr std::size_t kCachedBytesPerTrack = ViewerQueue::kTrackBytes;

  // Hears of every part that viewers get, and of a capture's end. On the io thread.
  class Follower {
   public:
    virtual ~Follower() = default;
    virtual void on_part(ProjectId project, CaptureId capture,
                         const std::shared_ptr<const LivePart>& part) = 0;
    virtual void on_closed(ProjectId project, CaptureId capture) = 0;
  };

  explicit LiveHub(LiveSnapshotHolder& snapshot) : snapshot_(snapshot) {}

  // At most one; it must live as long as parts come.
  void followed_by(Follower* follower) { follower_ = follower; }
  // The current group of pictures of every track, in the order of its parts.
  void for_each_cached(
      ProjectId project, CaptureId capture,
      const std::function<void(const std::shared_ptr<const LivePart>&)>& take) const;

  void on_part(ProjectId project, DeviceId device, CaptureId capture,
               std::shared_ptr<const LivePart> part, std::int64_t now_us);
  void on_status(ProjectId project, DeviceId device, bool online, std::int64_t now_us);
  void on_event(ProjectId project, const v1::CommittedEvent& committed);
  // What a device of the project holds, or whether it is there ({"type":"devices_changed"}).
  void on_devices_changed(ProjectId project);
  // Events may have been missed: viewers of projects are told to read anew ({"type":"resync"}).
  void on_gap();
  void tick(std::int64_t now_us);

  // The channel leaves by itself when it closes. `ended`: the capture is known to be closed.
  void watch_capture(ProjectId project, CaptureId capture, bool ended,
                     const std::shared_ptr<PushChannel>& channel, std::int64_t now_us);
  void watch_project(ProjectId project, const std::shared_ptr<PushChannel>& channel);

  // Where a capture that is being filmed is now.
  struct Moment {
    DeviceId device;
    std::int64_t media_time_us = 0;  // of its newest picture or sound, and what has passed since
  };
  // nullopt: nothing of it comes, or it has ended.
  [[nodiscard]] std::optional<Moment> moment_of(ProjectId project, CaptureId capture,
                                                std::int64_t now_us) const;
  // Remote voices are taken from this device only, the gateway's own.
  void take_voices_from(DeviceId gateway) { gateway_ = gateway; }
  // Whose voice a part of a `talk.n` is: that viewer does not hear it.
  using VoiceOf =
      std::function<const PushChannel*(CaptureId, std::string_view track, std::uint64_t sequence)>;
  void tell_voices(VoiceOf voice_of) { voice_of_ = std::move(voice_of); }

  struct Counters {
    std::size_t live_captures = 0;
    std::size_t viewers = 0;
    std::size_t cached_bytes = 0;
    std::uint64_t refused_parts = 0;  // of captures over a device's or the table's cap
  };
  [[nodiscard]] Counters counters() const;

 private:
  using Channels = std::vector<std::shared_ptr<PushChannel>>;
  struct TrackCache {
    std::vector<std::shared_ptr<const LivePart>> group;
    std::size_t size_bytes = 0;
  };
  struct Capture {
    std::optional<DeviceId> device;      // of its newest part
    std::optional<DeviceId> counted_of;  // of its first part: whose cap it is under
    bool live = false;
    bool closed = false;  // committed: what still comes is late and goes nowhere
    bool told_ended = false;
    std::int64_t last_part_us = 0;
    std::optional<std::int64_t> offline_since_us;
    std::int64_t end_us = 0;     // media time at which its newest part ends
    std::int64_t end_at_us = 0;  // when that came; 0: never
    bool end_of_video = false;   // as long as there are pictures, they are the clock
    std::uint32_t sound_timescale = 0;
    std::map<std::string, TrackCache, std::less<>> tracks;
    Channels viewers;
  };
  struct Key {
    ProjectId project;
    CaptureId capture;
    bool operator==(const Key&) const = default;
  };
  struct HashKey {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<CaptureId>()(key.capture) ^ std::hash<ProjectId>()(key.project);
    }
  };

  void on_voice(const Key& key, DeviceId device, const std::shared_ptr<const LivePart>& part);
  static void note_moment(Capture& capture, const LivePart& part, std::int64_t now_us);
  // The capture's entry, made for its device if there is room; nullptr: there is none.
  Capture* entry_for(const Key& key, DeviceId device);
  void cache(Capture& capture, const std::shared_ptr<const LivePart>& part);
  void forget_groups(Capture& capture);
  void set_live(const Key& key, Capture& capture, bool live);
  void tell_ended(Capture& capture, std::string_view reason);
  void publish_snapshot();
  void send(const Channels& channels, std::string text);
  const Channels* project_viewers(ProjectId project) const;

  LiveSnapshotHolder& snapshot_;
  Follower* follower_ = nullptr;
  std::optional<DeviceId> gateway_;
  VoiceOf voice_of_;
  std::unordered_map<Key, Capture, HashKey> captures_;
  std::unordered_map<ProjectId, Channels> project_viewers_;
  std::unordered_map<DeviceId, std::size_t> captures_of_;
  std::size_t cached_bytes_ = 0;
  std::uint64_t refused_parts_ = 0;
};

}  // namespace sitecast::gateway
