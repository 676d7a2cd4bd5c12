// SPDX-License-Identifier: Apache-2.0
// What the archive asks the index before it appends an event: is it there already, and whose is the
// capture. Asked once per event, never for a part. Sees what the index has applied; the archive
// remembers what came since. Owner thread: one at a time. Blocking (one or two page reads).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "hub/archive/layout.h"
#include "hub/index/work.h"
#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

class EventLookup {
 public:
  static Result<std::unique_ptr<EventLookup>> open(const Layout& layout);

  // The event's bytes as stored.
  Result<std::optional<Bytes>> event(EventId id);
  struct CaptureOwner {
    ProjectId project;
    std::optional<DeviceId> device;
  };
  Result<std::optional<CaptureOwner>> capture(CaptureId id);
  // How far the index has applied the project's log: up to there it was read without damage.
  Result<std::uint64_t> log_position(ProjectId project);
  // The same of a track's sidecar.
  Result<std::uint64_t> track_position(const TrackKey& key);

 private:
  explicit EventLookup(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace sitecast::hub
