// SPDX-License-Identifier: Apache-2.0
// The spool's sync thread: groups of syncs and index changes, and what is freed after them.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "agent/spool/spool.h"

namespace sitecast::agent {
namespace {

// After a commit that the disk refused.
constexpr std::int64_t kRetryUs = 1'000'000;

}  // namespace

void Spool::start(SpoolListener* listener) {
  listener_ = listener;
  std::vector<OutboxEvent> events;
  std::vector<TrackDescription> tracks;
  std::vector<std::shared_ptr<Capture>> captures;
  {
    const MutexLock lock(mutex_);
    events.swap(found_events_);
    for (const auto& [handle, track] : tracks_) tracks.push_back(describe(*track));
    captures = captures_;
  }
  if (listener_ != nullptr) {
    for (const TrackDescription& track : tracks) listener_->track_added(track);
    listener_->group_synced({}, std::move(events));
  }
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "spool-sync");
    run();
  });
  for (const auto& capture : captures) release_if_done(capture);
}

void Spool::stop() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void Spool::run() {
  bool stop = false;
  while (!stop) {
    std::vector<std::shared_ptr<Track>> dirty;
    std::vector<Change> changes = std::move(kept_changes_);
    kept_changes_.clear();
    {
      const MutexLock lock(mutex_);
      // Changes that the disk refused are tried again after a while, even when nothing else is to
      // do.
      if (!changes.empty() && work_since_us_ == 0) {
        work_since_us_ = clock_.monotonic_us() + kRetryUs - settings_.sync_delay_us;
      }
      const std::int64_t look_us = clock_.monotonic_us() + kRetryUs;
      while (!stopping_ && !urgent_) {
        if (work_since_us_ == 0) {
          // Room may come back without any work of ours.
          if (trouble_.kind.empty()) {
            wake_.wait(mutex_);
            continue;
          }
          const std::int64_t left_us = look_us - clock_.monotonic_us();
          if (left_us <= 0) break;
          wake_.wait_for_us(mutex_, left_us);
          continue;
        }
        const std::int64_t wait_us =
            work_since_us_ + settings_.sync_delay_us - clock_.monotonic_us();
        if (wait_us <= 0) break;
        wake_.wait_for_us(mutex_, wait_us);
      }
      stop = stopping_;
      urgent_ = false;
      work_since_us_ = 0;
      dirty.swap(dirty_);
      std::move(changes_.begin(), changes_.end(), std::back_inserter(changes));
      changes_.clear();
    }
    run_group(std::move(dirty), std::move(changes));
  }
  // Nobody may wait for a thread that has gone.
  for (Change& change : kept_changes_) {
    change.done(Error(ErrorKind::kCancelled, "the spool was stopped while the disk refused"));
  }
  kept_changes_.clear();
}

void Spool::run_group(std::vector<std::shared_ptr<Track>> dirty, std::vector<Change> changes) {
  for (const auto& track : dirty) {
    track->dirty = false;  // before the snapshot: what is written from here on marks it again
    sync_track(*track);
  }
  if (!changes.empty()) commit(std::move(changes));
  keep_ballast();
  measure_rate();
  thin();
  watch_room();
  if (listener_ != nullptr && (!synced_.empty() || !new_events_.empty())) {
    listener_->group_synced(std::move(synced_), std::move(new_events_));
  }
  synced_.clear();
  new_events_.clear();
}

void Spool::sync_track(Track& track) {
  auto sync = track.log->begin_sync();
  if (sync) {
    Status status = sync_files(track, *sync);
    if (!status.ok()) {
      // The descriptor is given up (its dirty pages may be gone); the parts are still in memory.
      log_.error("capture={} track={} sync failed, writing the unsynced parts anew: {}",
                 track.capture_id.text(), track.log->track(), status.error().message());
      auto again = track.log->rewrite_unsynced();
      if (again.ok()) sync = std::move(*again);
      status = again.ok() ? sync_files(track, *sync) : Status(again.error());
    }
    if (!status.ok()) {
      track.log->give_up(data_loss("the disk failed: " + status.error().message()));
      set_trouble("disk_error", status.error().message());
    } else {
      track.log->finish_sync(*sync);
    }
  }
  const TrackFigures figures = track.log->figures();
  synced_.push_back(
      {track.handle, figures.synced, figures.sealed && figures.synced == figures.made});
}

Status Spool::sync_files(Track& track, const TrackLog::Sync& sync) {
  for (const auto& file : sync.files) SC_TRY(disk_.sync(*file));
  if (sync.new_files) SC_TRY(disk_.sync_folder(folder_of(track.capture_id)));
  return Ok{};
}

// All changes in one transaction. A change that is wrong in itself is dropped with its error and
// the others are tried without it; a disk that refuses keeps them for the next group.
void Spool::commit(std::vector<Change> changes) {
  bool ballast_used = false;
  while (!changes.empty()) {
    std::size_t failed = changes.size();
    const Status status = try_commit(changes, failed);
    if (status.ok()) {
      for (Change& change : changes) change.done(status);
      return;
    }
    const ErrorKind kind = status.error().kind();
    if (kind == ErrorKind::kResourceExhausted && !ballast_used) {
      set_trouble("disk_full", status.error().message());
      release_ballast();
      ballast_used = true;
      continue;
    }
    if (kind == ErrorKind::kResourceExhausted || kind == ErrorKind::kDataLoss) {
      if (kind == ErrorKind::kDataLoss) set_trouble("disk_error", status.error().message());
      for (Change& change : changes) {
        if (change.attempts > 0 && --change.attempts == 0) {
          change.done(status);
        } else {
          kept_changes_.push_back(std::move(change));
        }
      }
      return;
    }
    log_.error("a change of the index was dropped: {}", status.error().message());
    if (failed == changes.size()) failed = 0;
    const Change dropped = std::move(changes[failed]);
    changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(failed));
    dropped.done(status);
  }
}

Status Spool::try_commit(const std::vector<Change>& changes, std::size_t& failed) {
  SC_TRY(index_->begin());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Status applied = changes[i].apply(*index_);
    if (!applied.ok()) {
      failed = i;
      index_->roll_back();
      return applied;
    }
  }
  const Status committed = index_->commit();
  if (!committed.ok()) index_->roll_back();
  return committed;
}

TrackRow Spool::row_of(const Track& track, const std::optional<Hash>& delivered_hash) const {
  const TrackFigures figures = track.log->figures();
  TrackRow row;
  row.name = track.log->track();
  row.part_count = figures.sealed ? figures.synced : 0;
  row.delivered = figures.delivered;
  row.made_bytes = figures.made_bytes;
  row.duration_us = figures.duration_us;
  row.thinned = figures.thinned;
  if (figures.sealed) {
    row.running_hash = to_string(track.log->synced_hash().value());
  } else if (delivered_hash) {
    row.running_hash = to_string(*delivered_hash);
  }
  return row;
}

// ---- Delivery

std::shared_ptr<Spool::Track> Spool::track_at(TrackHandle handle) const {
  const MutexLock lock(mutex_);
  const auto found = tracks_.find(handle);
  return found == tracks_.end() ? nullptr : found->second;
}

Result<Frame> Spool::read_frame(TrackHandle track, std::uint64_t sequence) {
  const auto found = track_at(track);
  if (!found) return not_found("the part's capture is delivered and forgotten");
  return found->log->read_frame(sequence);
}
std::uint32_t Spool::frame_bytes(TrackHandle track, std::uint64_t sequence) {
  const auto found = track_at(track);
  return found ? found->log->frame_bytes(sequence) : 0;
}
std::optional<Hash> Spool::running_hash(TrackHandle track, std::uint64_t count) {
  const auto found = track_at(track);
  return found ? found->log->running_hash(count) : std::nullopt;
}

void Spool::delivered(TrackHandle handle, std::uint64_t count) {
  const auto track = track_at(handle);
  if (!track) return;
  track->log->mark_delivered(count);
  free_delivered(track);
  if (const auto capture = track->capture.lock()) release_if_done(capture);
}

// Order: the position is durable before a file goes, so that after a crash what is missing is known
// to be at the hub. An unlink that a crash takes back is done again at the next start.
void Spool::free_delivered(const std::shared_ptr<Track>& track) {
  if (!track->log->has_freeable()) return;
  const auto hash = track->log->running_hash(track->log->figures().delivered);
  Change change;
  change.attempts = -1;
  change.apply = [this, track, hash](Index& index) {
    return index.put_track(track->position, row_of(*track, hash));
  };
  change.done = [this, track](const Status& status) {
    if (status.ok()) unlink_files(*track);
  };
  enqueue(std::move(change), false);
}

void Spool::unlink_files(Track& track) {
  const std::uint64_t before = track.log->stored_bytes();
  for (const auto& path : track.log->take_freeable()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      log_.warn("{}", errno_error(errno, "unlink " + path.string()).message());
    }
  }
  stored_bytes_ -= before - track.log->stored_bytes();
}

void Spool::release_if_done(const std::shared_ptr<Capture>& capture) {
  {
    const MutexLock lock(mutex_);
    if (capture->state != CaptureState::kClosed || capture->releasing ||
        capture->waiting_events > 0) {
      return;
    }
    for (const auto& [name, track] : capture->tracks) {
      const TrackFigures figures = track->log->figures();
      if (figures.delivered < figures.made) return;
    }
    capture->releasing = true;
  }
  Change change;
  change.attempts = -1;
  change.apply = [this, capture](Index& index) -> Status {
    for (const auto& [name, track] : capture->tracks) {
      SC_TRY(index.put_track(capture->row.position, row_of(*track, std::nullopt)));
    }
    return index.mark_delivered(capture->row.position, settings_.history);
  };
  change.done = [this, capture](const Status& status) {
    if (!status.ok()) return;
    for (const auto& [name, track] : capture->tracks) unlink_files(*track);
    std::error_code error;
    std::filesystem::remove_all(folder_of(capture->row.id), error);
    if (error) log_.warn("remove {}: {}", folder_of(capture->row.id).string(), error.message());
    const MutexLock lock(mutex_);
    capture->state = CaptureState::kDelivered;
    forget_oldest_delivered();
    finished_.notify_all();
  };
  enqueue(std::move(change), false);
}

// As in the index: the newest stay for people to see.
void Spool::forget_oldest_delivered() {
  std::int64_t kept = 0;
  for (auto it = captures_.rbegin(); it != captures_.rend(); ++it) {
    if ((*it)->state != CaptureState::kDelivered || ++kept <= settings_.history) continue;
    for (const auto& [name, track] : (*it)->tracks) {
      // One that was delivered before this process began has no handle.
      const auto found = tracks_.find(track->handle);
      if (found != tracks_.end() && found->second == track) tracks_.erase(found);
    }
    *it = nullptr;
  }
  std::erase(captures_, nullptr);
}

void Spool::events_delivered(const std::vector<EventId>& ids) {
  std::vector<EventId> known;
  std::vector<std::shared_ptr<Capture>> captures;
  {
    const MutexLock lock(mutex_);
    for (const EventId& id : ids) {
      const auto found = outbox_.find(id);
      if (found == outbox_.end()) continue;
      known.push_back(id);
      if (const auto& capture = found->second.capture) {
        capture->waiting_events -= 1;
        captures.push_back(capture);
      }
      outbox_.erase(found);
    }
  }
  if (known.empty()) return;
  Change change;
  change.attempts = -1;
  change.apply = [known](Index& index) -> Status {
    for (const EventId& id : known) SC_TRY(index.remove_event(id));
    return Ok{};
  };
  change.done = [](const Status&) {};
  enqueue(std::move(change), false);
  for (const auto& capture : captures) release_if_done(capture);
}

bool Spool::mark_refused(EventId id, std::string why) {
  const MutexLock lock(mutex_);
  const auto found = outbox_.find(id);
  if (found == outbox_.end()) return false;
  found->second.refused = std::move(why);
  return true;
}

namespace {
// An empty word would say that it is not refused.
std::string reason_or_default(std::string why) {
  return why.empty() ? "the hub did not say why" : std::move(why);
}
}  // namespace

void Spool::event_held(EventId id, std::string why) {
  mark_refused(id, reason_or_default(std::move(why)));
}

void Spool::event_refused(EventId id, std::string why) {
  why = reason_or_default(std::move(why));
  if (!mark_refused(id, why)) return;
  Change change;
  change.attempts = -1;
  change.apply = [id, why = std::move(why)](Index& index) { return index.refuse_event(id, why); };
  change.done = [](const Status&) {};
  enqueue(std::move(change), false);
}

// ---- Ballast: a full disk refuses even SQLite's deletes, so room is kept that can be given back.

void Spool::keep_ballast() {
  const auto path = settings_.dir / "ballast";
  std::error_code ignored;
  const auto free = disk_.free_bytes(settings_.dir);
  if (!free.ok()) return;
  const bool room = *free >= settings_.reserve_bytes + settings_.ballast_bytes;
  SpoolTrouble now = trouble();
  if ((now.kind == "disk_full" && room) ||
      (now.kind == "quota_full" && stored_bytes_ < settings_.quota_bytes / 100 * 95)) {
    log_.info("there is room again");
    set_trouble("", "");
  }
  if (!room || std::filesystem::exists(path, ignored)) return;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return;
  const int failed = ::posix_fallocate(descriptor, 0, static_cast<off_t>(settings_.ballast_bytes));
  ::close(descriptor);
  if (failed != 0) std::filesystem::remove(path, ignored);
}

void Spool::release_ballast() {
  std::error_code ignored;
  if (std::filesystem::remove(settings_.dir / "ballast", ignored)) {
    log_.warn("the disk is full: gave back {} bytes of ballast", settings_.ballast_bytes);
  }
}

}  // namespace sitecast::agent
