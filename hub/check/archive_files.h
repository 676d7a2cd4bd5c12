// SPDX-License-Identifier: Apache-2.0
// What lies in the archive's folders. Thread-safe: pure functions. Blocking, in proportion to the
// number of files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/check/track_audit.h"
#include "hub/index/work.h"

namespace sitecast::hub {

struct ArchiveFiles {
  // A sidecar or media file without the other.
  struct Half {
    std::filesystem::path path;
    TrackKey key;
  };
  std::vector<TrackKey> tracks;  // that have a sidecar
  std::vector<ProjectId> logs;
  std::vector<std::filesystem::path> quarantined;  // arrivals that contradicted an archived part
  std::vector<Half> halves;
  std::vector<std::filesystem::path> leftovers;   // of write_file_durably, interrupted by a kill
  std::vector<std::filesystem::path> unexpected;  // nothing of ours
};
ArchiveFiles list_archive(const Layout& layout);

TrackFiles track_files(const Layout& layout, const TrackKey& key);

// Tracks of one capture; kNotFound when there is none.
Result<std::vector<TrackKey>> tracks_of_capture(const Layout& layout, ProjectId project,
                                                CaptureId capture);

}  // namespace sitecast::hub
