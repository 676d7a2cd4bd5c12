// SPDX-License-Identifier: Apache-2.0
// What the spool tells the delivery side. The calls come from capture threads and from the spool's
// sync thread, must return at once (post to a queue) and must not call back into the spool.
// Order: an event or track is announced before anything that belongs to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/spool/part_builder.h"
#include "proto/base/id.h"

namespace sitecast::agent {

// Names a track within this process.
using TrackHandle = std::uint32_t;

struct TrackDescription {
  TrackHandle handle = 0;
  ProjectId project;
  CaptureId capture;
  std::string track;
  std::int64_t order = 0;  // of its capture: lower was opened earlier
  std::uint64_t made = 0;
  std::uint64_t synced = 0;
  std::uint64_t delivered = 0;
  bool ended = false;
};

struct OutboxEvent {
  std::int64_t position = 0;  // order of sending
  EventId id;
  ProjectId project;
  CaptureId capture;  // nil: of no capture
  Frame bytes;        // as sent
};

struct SyncedTrack {
  TrackHandle handle = 0;
  std::uint64_t synced = 0;
  bool ended = false;  // no part follows those that are synced
};

class SpoolListener {
 public:
  virtual ~SpoolListener() = default;
  virtual void track_added(const TrackDescription& track) = 0;
  // Written, not yet synced. `starts_segment`: carries an init segment.
  virtual void part_made(TrackHandle track, std::uint64_t sequence, bool starts_segment,
                         Frame frame) = 0;
  // The device was full: of an ended track only parts [0, made) are here any more. They are all
  // synced.
  virtual void track_cut(TrackHandle track, std::uint64_t made) = 0;
  virtual void group_synced(std::vector<SyncedTrack> tracks, std::vector<OutboxEvent> events) = 0;
};

}  // namespace sitecast::agent
