// SPDX-License-Identifier: Apache-2.0
// Opening a spool: what the last process left is brought into order before anything else happens.
#include <fmt/format.h>

#include <charconv>

#include "agent/spool/recovery.h"
#include "agent/spool/spool.h"

namespace sitecast::agent {
Result<std::unique_ptr<Spool>> Spool::open(SpoolSettings settings, SigningKey key, Clock& clock,
                                           Disk& disk, Log log) {
  SC_TRY(make_folders_durably(settings.dir));
  auto lock = FileLock::acquire(settings.dir / "lock");
  if (!lock.ok()) return lock.error().within("spool");
  SC_TRY(make_folders_durably(settings.dir / "captures"));
  SC_TRY_ASSIGN(auto index, Index::open(settings.dir / "index.db"));
  SC_TRY(sync_folder(settings.dir));
  std::unique_ptr<Spool> spool(new Spool(std::move(settings), std::move(key), clock, disk,
                                         std::move(log), std::move(*lock), std::move(index)));
  const Status recovered = spool->recover();
  if (!recovered.ok()) return recovered.error().within("spool");
  return spool;
}

Status Spool::recover() {
  if (!settings_.ledger.empty()) {
    SC_TRY_ASSIGN(auto ledger, File::open_for_appending(settings_.ledger));
    const MutexLock lock(ledger_mutex_);
    ledger_ = std::move(ledger);
  }
  SC_TRY(count_boot());
  SC_TRY_ASSIGN(const auto rows, index_->captures());
  for (const CaptureRow& row : rows) SC_TRY(recover_capture(row));
  SC_TRY_ASSIGN(auto events, index_->events());
  {
    const MutexLock lock(mutex_);
    for (EventRow& row : events) {
      std::shared_ptr<Capture> capture;
      for (const auto& candidate : captures_) {
        if (candidate->row.id == row.capture) capture = candidate;
      }
      // note_end counted the closing event of an interrupted capture already.
      const bool added = outbox_.emplace(row.id, Outgoing{capture, row.refused}).second;
      if (added && capture) capture->waiting_events += 1;
      if (!row.refused.empty()) continue;
      found_events_.push_back({row.position, row.id, row.project, row.capture,
                               std::make_shared<const std::string>(std::move(row.bytes))});
    }
  }
  remove_orphans();
  keep_ballast();
  return Ok{};
}

Status Spool::count_boot() {
  SC_TRY_ASSIGN(const std::string last, index_->meta("boot_id"));
  SC_TRY_ASSIGN(const std::string count, index_->meta("boot_count"));
  std::from_chars(count.data(), count.data() + count.size(), boot_count_);
  // procfs files have no size: read by hand.
  std::string boot(36, '\0');
  SC_TRY_ASSIGN(const auto file, File::open_for_reading("/proc/sys/kernel/random/boot_id"));
  SC_TRY(file.read_at(0, {reinterpret_cast<std::uint8_t*>(boot.data()), boot.size()}));  // NOLINT
  if (boot == last) return Ok{};
  boot_count_ += 1;
  SC_TRY(index_->begin());
  Status put = index_->put_meta("boot_id", boot);
  if (put.ok()) put = index_->put_meta("boot_count", std::to_string(boot_count_));
  if (put.ok()) put = index_->commit();
  if (!put.ok()) index_->roll_back();
  return put;
}

Status Spool::recover_capture(const CaptureRow& row) {
  auto capture = std::make_shared<Capture>();
  capture->row = row;
  capture->closing = true;
  SC_TRY_ASSIGN(const auto known, index_->tracks(row.position));
  std::map<std::string, TrackRow> tracks;
  for (const TrackRow& track : known) tracks.emplace(track.name, track);
  const auto folder = folder_of(row.id);
  if (row.state == "open") {
    for (const std::string& name : tracks_in_folder(folder)) {
      tracks.try_emplace(name).first->second.name = name;
    }
  }
  std::string damage;
  for (const auto& [name, track] : tracks) {
    std::unique_ptr<TrackLog> log;
    if (row.state == "open") {
      SC_TRY_ASSIGN(log, recover_track(row.id, track, damage));
    } else {
      SC_TRY_ASSIGN(log, load_closed_track(folder, row.id, track, disk_));
    }
    const TrackFigures figures = log->figures();
    if (row.state == "delivered") {
      capture->tracks.emplace(name, make_track(capture, std::move(log)));
      continue;
    }
    const MutexLock lock(mutex_);
    auto added = add_track(capture, std::move(log));
    unlink_files(*added);  // whose unlink a crash took back
    if (row.state == "open") {
      log_.info("capture={} track={} parts={} found after a restart", row.id.text(), name,
                figures.made);
    }
  }
  capture->state = row.state == "delivered" ? CaptureState::kDelivered : CaptureState::kClosed;
  if (row.state == "open") SC_TRY(close_interrupted(capture, damage));
  const MutexLock lock(mutex_);
  captures_.push_back(std::move(capture));
  return Ok{};
}

Result<std::unique_ptr<TrackLog>> Spool::recover_track(CaptureId capture, const TrackRow& track,
                                                       std::string& damage) {
  const auto set_aside = settings_.dir / "unknown" / capture.text();
  SC_TRY_ASSIGN(auto recovered,
                recover_open_track(folder_of(capture), capture, track, set_aside, disk_));
  if (recovered.damaged_parts > 0) {
    log_.error("capture={} track={}: {} damaged parts between whole ones", capture.text(),
               track.name, recovered.damaged_parts);
  }
  if (recovered.files_set_aside > 0) {
    const std::string what = fmt::format(
        "track {} is damaged at part {}; {} files with what was filmed after it are kept",
        track.name, recovered.log->figures().made, recovered.files_set_aside);
    log_.error("capture={} {} in {}, look at them by hand", capture.text(), what,
               set_aside.string());
    damage += "; " + what + " on the device in unknown/";
  }
  return std::move(recovered.log);
}

// `damage`: what could not be recovered; empty: nothing was lost but what was never synced.
Status Spool::close_interrupted(const std::shared_ptr<Capture>& capture,
                                const std::string& damage) {
  const std::string reason = damage.empty() ? "restarted" : "damaged";
  const std::int64_t now_us = clock_.wall_us();
  const auto put = [&]() -> Status {
    SC_TRY(index_->begin());
    Status status =
        put_end(*index_, *capture, reason, "the agent ended without closing it" + damage, now_us);
    if (status.ok()) status = index_->commit();
    if (!status.ok()) index_->roll_back();
    return status;
  };
  Status status = put();
  if (!status.ok() && status.error().kind() == ErrorKind::kResourceExhausted) {
    release_ballast();
    status = put();
  }
  SC_TRY(status);
  note_end(capture, reason, now_us);
  return Ok{};
}

// Folders that the index does not know: an opening that a crash cut off before its row was durable
// leaves an empty one. One that holds parts cannot come about that way, so it is kept for people.
void Spool::remove_orphans() {
  std::error_code error;
  std::map<std::string, CaptureState> known;
  {
    const MutexLock lock(mutex_);
    for (const auto& capture : captures_) known.emplace(capture->row.id.text(), capture->state);
  }
  for (const auto& entry : std::filesystem::directory_iterator(settings_.dir / "captures", error)) {
    const auto found = known.find(entry.path().filename().string());
    const bool delivered = found != known.end() && found->second == CaptureState::kDelivered;
    if (found != known.end() && !delivered) continue;
    std::error_code ignored;
    if (delivered || tracks_in_folder(entry.path()).empty()) {
      std::filesystem::remove_all(entry.path(), ignored);
      continue;
    }
    log_.error("{} is not in the index: moved to unknown/, look at it by hand",
               entry.path().string());
    std::filesystem::create_directories(settings_.dir / "unknown", ignored);
    std::filesystem::rename(entry.path(), settings_.dir / "unknown" / entry.path().filename(),
                            ignored);
  }
}

}  // namespace sitecast::agent
