// SPDX-License-Identifier: Apache-2.0
// Whose is a capture. It belongs to the device that first archived a track of it or stated its
// opening, and to one project; a remote voice (`talk`) is the one thing that another device, the
// gateway's, may add. The files themselves say it (sidecar headers), the index knows opened
// captures without tracks, and what is newer than the index is remembered here. Owner thread: the
// commit thread. Blocking: a few directory reads per new capture.
#pragma once

#include <map>
#include <optional>

#include "hub/archive/layout.h"
#include "hub/index/event_lookup.h"
#include "hub/index/work.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct CaptureClaim {
  ProjectId project;
  std::optional<DeviceId> device;  // nullopt: only a remote voice is there yet
};

class Ownership {
 public:
  Ownership(Layout layout, EventLookup& lookup) : layout_(std::move(layout)), lookup_(&lookup) {}

  // nullopt: nobody has claimed the capture.
  Result<std::optional<CaptureClaim>> claim_of(CaptureId capture);
  // Remembers a claim that is in this or an earlier group.
  void remember(CaptureId capture, CaptureClaim claim);

 private:
  static constexpr std::size_t kRemembered = 8192;
  Result<std::optional<CaptureClaim>> claim_in_files(CaptureId capture);

  Layout layout_;
  EventLookup* lookup_;
  std::map<CaptureId, CaptureClaim> recent_;
};

// How many tracks the capture has in the archive.
std::size_t count_tracks(const Layout& layout, ProjectId project, CaptureId capture);

}  // namespace sitecast::hub
