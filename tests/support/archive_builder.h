// SPDX-License-Identifier: Apache-2.0
// Writes an archive's files without a hub, in whatever order a test wants. Not durable.
#pragma once

#include <map>

#include "hub/archive/layout.h"
#include "hub/index/work.h"
#include "proto/base/id.h"
#include "sitecast.pb.h"
#include "tests/support/track_maker.h"

namespace sitecast {

class ArchiveBuilder {
 public:
  explicit ArchiveBuilder(hub::Layout layout) : layout_(std::move(layout)) {}

  void add_part(ProjectId project, DeviceId device, const TrackMaker& track, const MadePart& part,
                bool live, std::int64_t received_at_us = 1'700'000'100'000'000);
  void add_event(ProjectId project, DeviceId device, const v1::Event& event,
                 std::int64_t received_at_us = 1'700'000'100'000'000);

  // All files as far as they are now.
  [[nodiscard]] hub::IndexWork work() const;
  [[nodiscard]] const hub::Layout& layout() const { return layout_; }

 private:
  struct Track {
    std::uint64_t media_bytes = 0;
    std::uint64_t sidecar_bytes = 0;
  };
  hub::Layout layout_;
  std::map<hub::TrackKey, Track> tracks_;
  std::map<ProjectId, std::uint64_t> logs_;
};

}  // namespace sitecast
