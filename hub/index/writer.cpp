// SPDX-License-Identifier: Apache-2.0
#include "hub/index/writer.h"

#include "hub/archive/event_log.h"
#include "hub/index/projection.h"
#include "hub/index/schema_sql.h"
#include "hub/index/version.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

// The gateway, in the hub's group, reads it and needs write access to -shm.
constexpr unsigned kGroupMayRead = 0660;
constexpr unsigned kPageBytes = 16 * 1024;  // README, "Cost"
constexpr std::int64_t kForgetAfterUs = 120'000'000;

// Whether it is the event that cannot be applied. All else (a full disk, a reader in the way, a
// damaged file) comes and goes, or holds for every event.
bool is_refusal(const Error& error) {
  return error.kind() == ErrorKind::kFailedPrecondition ||  // a constraint of the schema
         error.kind() == ErrorKind::kInvalidArgument || error.kind() == ErrorKind::kInternal;
}

}  // namespace

Result<std::unique_ptr<IndexWriter>> IndexWriter::open(const std::filesystem::path& path,
                                                       Layout layout, Log log) {
  SC_TRY_ASSIGN(auto database, Database::open_writer(path, kGroupMayRead, kPageBytes));
  SC_TRY_ASSIGN(const std::int64_t version, database.user_version());
  if (version == 0) {
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database));
    SC_TRY(database.execute(kSchemaSql));
    SC_TRY(transaction.commit());
  } else if (const Status known = check_index_version(version); !known.ok()) {
    return failed_precondition(path.string() + ": " + known.error().message());
  }
  return std::unique_ptr<IndexWriter>(
      new IndexWriter(std::move(database), std::move(layout), std::move(log)));
}

Result<IndexChanges> IndexWriter::apply(const IndexWork& work, std::int64_t now_us,
                                        bool everything) {
  IndexWork all = work;
  for (;;) {
    IndexChanges changes;
    const std::size_t refused = refused_.size();
    Status status = apply_in_transaction(all, now_us, everything, changes);
    if (status.ok() && transaction_) status = transaction_->commit();
    transaction_.reset();  // rolls back what was not committed
    if (status.ok()) {
      passed_over_ += refused_.size();
      refused_.clear();
      forget_idle(now_us, everything);
      return changes;
    }
    // Once more without the event, as if it had not been: an event may be refused half applied.
    const bool again = refused_.size() > refused;
    if (again) {
      for (const auto& [key, track] : tracks_) all.tracks.push_back({key, track.read_bytes()});
    }
    tracks_.clear();  // they are ahead of the database now; their records are read again
    if (!again) return status.error();
  }
}

Status IndexWriter::apply_in_transaction(const IndexWork& work, std::int64_t now_us,
                                         bool everything, IndexChanges& changes) {
  for (const LogTail& tail : work.logs) SC_TRY(apply_log(tail, changes));
  for (const TrackTail& tail : work.tracks) SC_TRY(apply_track(tail, now_us, everything, changes));
  for (auto& [key, track] : tracks_) {
    if (track.due(now_us) || (everything && track.pending())) SC_TRY(store(track, now_us, changes));
  }
  return Ok{};
}

Status IndexWriter::begin() {
  if (transaction_) return Ok{};
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database_));
  transaction_ = std::make_unique<Transaction>(std::move(transaction));
  return Ok{};
}

Status IndexWriter::apply_log(const LogTail& tail, IndexChanges& changes) {
  SC_TRY_ASSIGN(const std::uint64_t from, log_position(tail.project));
  if (from >= tail.durable_bytes) return Ok{};
  auto file = File::open_for_reading(layout_.event_log(tail.project));
  if (!file.ok()) {
    log_.error("event log of project {} cannot be read: {}", tail.project.text(),
               file.error().message());
    return Ok{};
  }
  SC_TRY(begin());
  Status applied = Ok{};
  const auto end = read_event_log(
      *file, from,
      [&](const EventRecord& record, std::uint64_t offset) {
        const std::pair place(tail.project, offset);
        if (refused_.count(place) > 0) return true;
        auto event = apply_event(database_, tail.project, record);
        if (!event.ok()) {
          applied = event.error();
          if (is_refusal(event.error())) {
            refused_.insert(place);
            log_.error("the event at byte {} of the log of project {} is not in the index: {}",
                       offset, tail.project.text(), event.error().message());
          }
          return false;
        }
        if (!event->is_new) return true;
        changes.events.push_back({*EventId::from_bytes(event->event.event_id()), tail.project,
                                  record.device, record.received_at_us,
                                  Bytes(record.event_bytes.begin(), record.event_bytes.end())});
        if (!event->event.has_capture_closed()) return true;
        if (const auto capture = CaptureId::from_bytes(event->event.capture_id())) {
          changes.closed_captures.push_back({tail.project, *capture, ""});
          applied = note_closing(*capture);
        }
        return applied.ok();
      },
      tail.durable_bytes);
  SC_TRY(applied);
  if (!end.ok() || *end < tail.durable_bytes) {
    log_.error("event log of project {} is damaged at byte {}", tail.project.text(),
               end.ok() ? *end : from);
  }
  SC_TRY_ASSIGN(
      Statement * save,
      database_.cached(
          "insert or replace into log_position (project_id, indexed_bytes) values (?, ?)"));
  return save->bind(tail.project, end.ok() ? *end : from).run();
}

Status IndexWriter::apply_track(const TrackTail& tail, std::int64_t now_us, bool everything,
                                IndexChanges& changes) {
  SC_TRY_ASSIGN(TrackIndex * track, track_of(tail.key));
  if (track == nullptr) return Ok{};
  for (;;) {
    SC_TRY_ASSIGN(const auto progress,
                  track->read(database_, layout_, tail.durable_sidecar_bytes, now_us));
    if (progress == TrackIndex::Progress::kDamaged) {
      log_.error("sidecar of capture {} track {} cannot be read beyond byte {}",
                 tail.key.capture.text(), tail.key.track, track->read_bytes());
    }
    if (track->due(now_us) || (everything && track->pending())) {
      SC_TRY(store(*track, now_us, changes));
    }
    if (progress != TrackIndex::Progress::kFull) return Ok{};
  }
}

Status IndexWriter::store(TrackIndex& track, std::int64_t now_us, IndexChanges& changes) {
  SC_TRY(begin());
  const TrackKey& key = track.key();
  SC_TRY_ASSIGN(auto before,
                ensure_capture(database_, key.project, key.capture, track.first_received_at_us()));
  if (!before) {
    log_.error("capture {} is archived under project {} and under another one", key.capture.text(),
               key.project.text());
    return Ok{};
  }
  const bool owns_capture = track.kind() != TrackKind::kTalk;
  if ((track.first_received_at_us() != 0 &&
       track.first_received_at_us() < before->received_at_us) ||
      (!before->opened.stated() && owns_capture && before->device != track.device())) {
    before->received_at_us = std::min(before->received_at_us, track.first_received_at_us());
    if (!before->opened.stated() && owns_capture) before->device = track.device();
    SC_TRY(save_capture(database_, *before));
  }
  SC_TRY(track.store(database_, now_us));
  if (is_file_track(track.kind())) {
    if (track.take_became_whole()) changes.whole_tracks.push_back(key);
  } else if (track.take_first_segment_closed()) {
    changes.first_segments.push_back(key);
  }
  SC_TRY_ASSIGN(const auto after, refresh_capture(database_, key.capture));
  if (after && after->complete && !before->complete) {
    changes.closed_captures.push_back({key.project, key.capture, ""});
  }
  return Ok{};
}

Status IndexWriter::note_closing(CaptureId capture) {
  SC_TRY_ASSIGN(const auto row, load_capture(database_, capture));
  if (!row) return Ok{};
  v1::CaptureClosed closing;
  if (!closing.ParseFromArray(row->closing.data(), static_cast<int>(row->closing.size()))) {
    return Ok{};
  }
  for (const v1::TrackEnd& end : closing.tracks()) {
    const auto track = tracks_.find({row->project, capture, end.track()});
    if (track != tracks_.end()) track->second.expect_parts(end.part_count());
  }
  return Ok{};
}

Result<TrackIndex*> IndexWriter::track_of(const TrackKey& key) {
  const auto found = tracks_.find(key);
  if (found != tracks_.end()) return &found->second;
  const auto kind = track_kind(key.track);
  if (!kind) return nullptr;
  SC_TRY_ASSIGN(auto track, TrackIndex::load(database_, key, *kind));
  TrackIndex* added = &tracks_.emplace(key, std::move(track)).first->second;
  SC_TRY(note_closing(key.capture));
  return added;
}

void IndexWriter::forget_idle(std::int64_t now_us, bool everything) {
  for (auto track = tracks_.begin(); track != tracks_.end();) {
    const bool idle = !track->second.pending() &&
                      (everything || now_us - track->second.touched_at_us() > kForgetAfterUs);
    track = idle ? tracks_.erase(track) : std::next(track);
  }
}

std::uint64_t IndexWriter::pending_records() const {
  std::uint64_t sum = 0;
  for (const auto& [key, track] : tracks_) sum += track.pending_records();
  return sum;
}

Result<std::uint64_t> IndexWriter::log_position(ProjectId project) {
  SC_TRY_ASSIGN(Statement * select,
                database_.cached("select indexed_bytes from log_position where project_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(project).step());
  const std::uint64_t position = found ? select->unsigned_integer(0) : 0;
  select->reset();
  return position;
}

Result<std::uint64_t> IndexWriter::track_position(const TrackKey& key) {
  SC_TRY_ASSIGN(
      Statement * select,
      database_.cached("select indexed_bytes from track where capture_id = ? and name = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(key.capture, key.track).step());
  const std::uint64_t position = found ? select->unsigned_integer(0) : 0;
  select->reset();
  return position;
}

}  // namespace sitecast::hub
