// SPDX-License-Identifier: Apache-2.0
// Which tracks this run of the hub has written to, on disk before the first byte of each: what a
// start after a crash must look at. So recovery costs what was open, not what the archive holds.
// Lines "project capture track", appended and synced; a clean stop empties it. File:
// STATE/archive/touched. Owner thread: the commit thread. Blocking.
#pragma once

#include <filesystem>
#include <set>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/index/work.h"
#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// What the list names now; empty when there is none. Beside a running hub too.
Result<std::set<TrackKey>> read_touched_tracks(const Layout& layout);

class TouchedTracks {
 public:
  // `found`: what the last run left, empty after a clean stop.
  static Result<TouchedTracks> open(const Layout& layout, std::vector<TrackKey>& found);

  // Synced when it returns. Once per track and run.
  Status add(const TrackKey& key);
  // Replaces the file by these tracks.
  Status keep_only(std::set<TrackKey> keys);
  [[nodiscard]] const std::set<TrackKey>& keys() const { return keys_; }

 private:
  TouchedTracks(std::filesystem::path path, File file)
      : path_(std::move(path)), file_(std::move(file)) {}
  std::filesystem::path path_;
  File file_;
  std::set<TrackKey> keys_;
};

}  // namespace sitecast::hub
