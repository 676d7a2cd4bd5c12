// SPDX-License-Identifier: Apache-2.0
// Finds a track's parts again in its files after the process that wrote them has ended, in whatever
// way. README.md, "What holds after a crash", says why this is enough.
// Thread-safety: functions share nothing. Blocking: reads files, cuts torn tails, syncs.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "agent/spool/index.h"
#include "agent/spool/track_log.h"

namespace sitecast::agent {

// Names of the tracks that have files in a capture's folder; empty when there is no folder.
std::set<std::string> tracks_in_folder(const std::filesystem::path& folder);

struct RecoveredTrack {
  std::unique_ptr<TrackLog> log;
  std::uint64_t damaged_parts = 0;  // of those that count: between whole ones, not readable
  // Files with whole parts behind a record that cannot be read over; they are now in `set_aside`.
  std::uint64_t files_set_aside = 0;
};

// A track whose capture was open: whole records count, and damaged ones that the running hash of a
// whole one behind them confirms; a torn tail is cut off, everything that counts is synced. Whole
// parts that cannot count are kept in the folder `set_aside`, made when needed. `row` holds what
// was delivered and freed before.
Result<RecoveredTrack> recover_open_track(const std::filesystem::path& folder, CaptureId capture,
                                          const TrackRow& row,
                                          const std::filesystem::path& set_aside, Disk& disk);

// A track of a closed capture: nothing is read but the folder's listing.
Result<std::unique_ptr<TrackLog>> load_closed_track(const std::filesystem::path& folder,
                                                    CaptureId capture, const TrackRow& row,
                                                    Disk& disk);

}  // namespace sitecast::agent
