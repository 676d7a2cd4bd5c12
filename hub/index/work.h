// SPDX-License-Identifier: Apache-2.0
// What the archive tells the index: how far files are durable. Facts travel as offsets and not as
// copies, so that the index cannot fall behind in memory: it reads the journals itself, at its own
// pace, and starts again after a crash from the offsets that it recorded. Thread-safety: value
// types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"

namespace sitecast::hub {

struct TrackKey {
  ProjectId project;
  CaptureId capture;
  std::string track;
  auto operator<=>(const TrackKey&) const = default;
};

struct TrackTail {
  TrackKey key;
  std::uint64_t durable_sidecar_bytes = 0;
};

struct LogTail {
  ProjectId project;
  std::uint64_t durable_bytes = 0;
};

struct IndexWork {
  std::vector<TrackTail> tracks;
  std::vector<LogTail> logs;
};

// What became readable through the index by one application of work.
struct IndexChanges {
  struct Event {
    EventId id;
    ProjectId project;
    DeviceId device;
    std::int64_t received_at_us = 0;
    Bytes event_bytes;
  };
  std::vector<Event> events;              // new ones, in the order of their log
  std::vector<TrackKey> first_segments;   // tracks whose first segment has just closed
  std::vector<TrackKey> whole_tracks;     // file tracks that have just become whole
  std::vector<TrackKey> closed_captures;  // closed, or closed before and now complete; no track
};

}  // namespace sitecast::hub
