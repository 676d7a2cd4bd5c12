// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "hub/archive/sidecar.h"
#include "hub/archive/touched_tracks.h"
#include "hub/check/archive_files.h"
#include "hub/check/commands.h"
#include "hub/check/event_log_audit.h"
#include "hub/check/findings.h"
#include "hub/check/index_check.h"
#include "hub/check/progress.h"
#include "hub/check/track_audit.h"
#include "hub/enrol/enrolment_db.h"
#include "hub/index/event_lookup.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

class Check {
 public:
  Check(const Layout& layout, bool read_data, CommandIo io)
      : layout_(layout), read_data_(read_data), io_(io), report_(io.out) {}

  int run() {
    std::error_code ignored;
    if (std::filesystem::is_directory(layout_.archive_root(), ignored)) {
      look_at_everything();
    } else {
      report_.add(Finding::kNoArchive, layout_.archive_root().string(), "there is no archive here");
    }
    io_.out << fmt::format("{} tracks, {} parts, {} event logs, {} events{}: {}\n", tracks_, parts_,
                           logs_, events_, read_data_ ? ", every byte read" : "", verdict());
    return report_.problems() == 0 ? 0 : 1;
  }

 private:
  void look_at_everything() {
    const auto lock = FileLock::acquire(layout_.lock_file());
    hub_runs_ = !lock.ok() && lock.error().kind() == ErrorKind::kFailedPrecondition;
    // What the index has read once without damage is no torn end; without an index that is unknown.
    if (auto lookup = EventLookup::open(layout_); lookup.ok()) lookup_ = std::move(*lookup);
    const ArchiveFiles files = list_archive(layout_);
    look_at_names(files);
    check_tracks(files);
    check_logs(files.logs);
    if (lock.ok()) {
      check_index(files);
    } else if (hub_runs_) {
      report_.add(Finding::kHubRuns, layout_.state_dir().string(),
                  "a hub runs on this state: the index was not compared with the files");
    } else {
      report_.add(Finding::kUnreadable, layout_.lock_file().string(), lock.error().message());
    }
  }

  [[nodiscard]] std::string verdict() const {
    switch (report_.problems()) {
      case 0: return "clean";
      case 1: return "1 problem";
      default: return fmt::format("{} problems", report_.problems());
    }
  }

  void look_at_names(const ArchiveFiles& files) {
    for (const auto& path : files.unexpected) {
      report_.add(Finding::kStrangeFile, path.string(), "is no file of the archive's");
    }
    for (const auto& path : files.leftovers) {
      report_.add(Finding::kLeftover, path.string(),
                  "is left of a file that was being replaced when the hub was killed");
    }
    for (const auto& path : files.quarantined) {
      report_.add(Finding::kQuarantined, path.string(), "contradicts an archived part");
    }
    for (const auto& half : files.halves) {
      if (may_be_torn(half.key) && once_read(half.key) == 0) {
        report_.add(Finding::kTornEnd, half.path.string(),
                    "is half of a track that was being made");
      } else {
        report_.add(Finding::kHalfOfPair, half.path.string(), "is half of a pair");
      }
    }
  }

  // The hub writes a track's name down before its first byte of a run, and a clean stop forgets it.
  bool may_be_torn(const TrackKey& key) {
    if (!touched_ || hub_runs_) {
      const auto found = read_touched_tracks(layout_);
      if (!found.ok() && !touched_) {
        report_.add(Finding::kUnreadable, layout_.touched_file().string(), found.error().message());
      }
      touched_ = found.ok() ? *found : std::set<TrackKey>();
    }
    return touched_->count(key) > 0;
  }

  // Keys of the devices, from the enrolment records; without them no signature can be judged.
  std::optional<SigningPublicKey> key_of(DeviceId device) {
    if (!enrolment_) return std::nullopt;
    const auto key = (*enrolment_)->public_key(device);
    return key.ok() ? *key : std::nullopt;
  }

  void check_tracks(const ArchiveFiles& files) {
    auto enrolment = EnrolmentDb::open_to_read(layout_, clock_);
    if (enrolment.ok()) {
      enrolment_ = std::move(*enrolment);
    } else {
      report_.add(Finding::kNoKeys, layout_.enrolment_db().string(),
                  "cannot be read: signatures were not judged");
    }
    std::set<TrackKey> halves;
    for (const auto& half : files.halves) halves.insert(half.key);
    tracks_ = files.tracks.size();
    Progress progress(io_, "tracks", files.tracks.size());
    for (const TrackKey& key : files.tracks) {
      if (halves.count(key) == 0) check_track(key);
      progress.step();
    }
  }

  void check_track(const TrackKey& key) {
    const TrackFiles files = track_files(layout_, key);
    std::optional<SigningPublicKey> device_key;
    if (const auto sidecar = File::open_for_reading(files.sidecar); sidecar.ok()) {
      if (const auto device = read_sidecar_header(*sidecar); device.ok()) {
        device_key = key_of(*device);
      }
    }
    const auto audit = audit_track(files, read_data_, device_key);
    if (!audit.ok()) return cannot_be_read(key, files, audit.error());
    parts_ += audit->parts.size();
    tell(key, files, *audit);
  }

  void cannot_be_read(const TrackKey& key, const TrackFiles& files, const Error& error) {
    const std::string path = files.sidecar.string();
    std::error_code failed;
    const bool short_header =
        std::filesystem::file_size(files.sidecar, failed) < kSidecarHeaderBytes && !failed;
    if (short_header && std::filesystem::is_empty(files.media, failed) && !failed) {
      // Its first group failed and was taken back.
      report_.add(Finding::kLeftover, path, "an empty track: no part of it was ever archived");
    } else if (short_header && may_be_torn(key)) {
      report_.add(Finding::kTornEnd, path, "a track that was being made, without a whole header");
    } else if (short_header || error.kind() == ErrorKind::kDataLoss) {
      report_.add(Finding::kJournalDamaged, path, "is damaged at byte 0: it has no whole header");
    } else {
      report_.add(Finding::kUnreadable, path, error.message());
    }
  }

  void tell(const TrackKey& key, const TrackFiles& files, const TrackAudit& audit) {
    const std::string path = files.sidecar.string();
    const auto at_end = [&](const TrackProblem& problem) {
      return problem.record_offset != TrackProblem::kNowhere &&
             problem.record_offset >= audit.intact_sidecar_bytes;
    };
    const bool rest = audit.torn_sidecar_bytes + audit.unreferenced_media_bytes > 0;
    const bool torn = (rest || std::ranges::any_of(audit.problems, at_end)) && may_be_torn(key) &&
                      is_torn_end(audit, once_read(key));
    for (const TrackProblem& problem : audit.problems) {
      if (!torn || !at_end(problem)) report_.add(problem.finding, path, problem.text);
    }
    if (torn) {
      report_.add(Finding::kTornEnd, path,
                  fmt::format("a torn end at byte {}", audit.intact_sidecar_bytes));
    } else if (audit.torn_sidecar_bytes > 0) {
      report_.add(
          Finding::kJournalDamaged, path,
          fmt::format("is damaged at byte {}; {} whole records in the {} bytes from there "
                      "on are read by nobody",
                      audit.sidecar_bytes, audit.whole_records_behind, audit.torn_sidecar_bytes));
    } else if (audit.unreferenced_media_bytes > 0) {
      report_.add(
          Finding::kMediaWithoutRecords, files.media.string(),
          fmt::format("its last {} bytes belong to no part", audit.unreferenced_media_bytes));
    }
  }

  std::uint64_t once_read(const TrackKey& key) {
    if (!lookup_) return 0;
    const auto position = lookup_->track_position(key);
    return position.ok() ? *position : 0;
  }

  void check_logs(const std::vector<ProjectId>& logs) {
    EventLogAudit audit(layout_, report_);
    for (const ProjectId project : logs) {
      const auto position =
          lookup_ ? lookup_->log_position(project) : Result<std::uint64_t>(std::uint64_t{0});
      audit.read(project, position.ok() ? *position : 0);
    }
    audit.finish();
    logs_ = logs.size();
    events_ = audit.events();
  }

  void check_index(const ArchiveFiles& files) {
    const bool files_are_whole = report_.problems() == 0;
    const auto compared = compare_index_with_files(layout_, files);
    if (!compared.ok()) {
      report_.add(files_are_whole ? Finding::kIndexDiffers : Finding::kIndexHasMore, "index",
                  compared.error().message());
      return;
    }
    if (compared->passed_over > 0) {
      report_.add(Finding::kEventRefused, "index",
                  fmt::format("{} events of the logs are not in it", compared->passed_over));
    }
    for (const IndexDifference& difference : compared->different) {
      // An event that is in no log is a loss of the log; all else in the index is derived.
      const bool lost = difference.only_in_index && difference.row.starts_with("event|");
      report_.add(files_are_whole && !lost ? Finding::kIndexDiffers : Finding::kIndexHasMore,
                  "index",
                  fmt::format("only in the {}: {}", difference.only_in_index ? "index" : "files",
                              difference.row));
    }
  }

  const Layout& layout_;
  const bool read_data_;
  CommandIo io_;
  FindingReport report_;
  SystemClock clock_;
  bool hub_runs_ = false;
  std::optional<std::set<TrackKey>> touched_;
  std::unique_ptr<EventLookup> lookup_;
  std::optional<std::unique_ptr<EnrolmentDb>> enrolment_;
  std::uint64_t tracks_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t logs_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace

int check_command(const Layout& layout, bool read_data, CommandIo io) {
  return Check(layout, read_data, io).run();
}

}  // namespace sitecast::hub
