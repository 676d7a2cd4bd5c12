// SPDX-License-Identifier: Apache-2.0
// Lets somebody see the live picture's parts on their way from spool to delivery: the same bytes,
// so the screen of the device needs no encoder of its own. Threads: those of SpoolListener. Whoever
// looks is called under a mutex, must return at once, and is not called after show_to returned.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "agent/spool/listener.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

class PartTap final : public SpoolListener {
 public:
  struct Look {
    CaptureId capture;
    const std::string& track;
    bool starts_segment = false;
    const Frame& frame;
  };

  // What is seen here is handed on to `next`, which may be null.
  SpoolListener& before(SpoolListener* next) {
    next_ = next;
    return *this;
  }
  // Empty: nobody.
  void show_to(std::function<void(const Look&)> look) {
    const MutexLock lock(mutex_);
    look_ = std::move(look);
  }

  void track_added(const TrackDescription& track) override {
    if (track.track == "video" && !track.ended) {
      const MutexLock lock(mutex_);
      tracks_[track.handle] = {track.capture, track.track};
    }
    if (next_ != nullptr) next_->track_added(track);
  }
  void part_made(TrackHandle track, std::uint64_t sequence, bool starts_segment,
                 Frame frame) override {
    {
      const MutexLock lock(mutex_);
      const auto found = tracks_.find(track);
      if (look_ && found != tracks_.end()) {
        look_({found->second.first, found->second.second, starts_segment, frame});
      }
    }
    if (next_ != nullptr) next_->part_made(track, sequence, starts_segment, std::move(frame));
  }
  void track_cut(TrackHandle track, std::uint64_t made) override {
    if (next_ != nullptr) next_->track_cut(track, made);
  }
  void group_synced(std::vector<SyncedTrack> tracks, std::vector<OutboxEvent> events) override {
    {
      const MutexLock lock(mutex_);
      for (const SyncedTrack& track : tracks) {
        if (track.ended) tracks_.erase(track.handle);
      }
    }
    if (next_ != nullptr) next_->group_synced(std::move(tracks), std::move(events));
  }

 private:
  SpoolListener* next_ = nullptr;
  Mutex mutex_;
  std::map<TrackHandle, std::pair<CaptureId, std::string>> tracks_ SC_GUARDED_BY(mutex_);
  std::function<void(const Look&)> look_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::agent
