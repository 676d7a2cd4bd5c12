// SPDX-License-Identifier: Apache-2.0
// The agent's spool: everything captured is here until the hub has it on disk. One per device; a
// lock file keeps a second process out. README.md holds its invariants. Threads: any thread may
// call what capture_writer.h declares; the spool's own sync thread syncs in groups and is the only
// one that touches the index; the delivery thread calls the methods under "Delivery". Ownership:
// settings' clock, disk and listener must outlive the spool, and every CaptureWriter must be
// destroyed before it. Units in names.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/spool/capture_writer.h"
#include "agent/spool/disk.h"
#include "agent/spool/index.h"
#include "agent/spool/listener.h"
#include "agent/spool/track_log.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

struct SpoolSettings {
  std::filesystem::path dir;
  std::uint64_t quota_bytes = 16ULL << 30;     // most that parts may take
  std::uint64_t reserve_bytes = 512ULL << 20;  // left free on the disk
  // One line per part written, "capture track sequence hash" (ids as text, hash in hex), appended;
  // for comparing what was captured with what arrived. Empty: none.
  std::filesystem::path ledger;
  // A group's sync starts this long after its first write. With the sync itself (tens of
  // milliseconds on flash) it must stay below the 200 ms that the product promises.
  std::int64_t sync_delay_us = 100'000;
  std::uint64_t file_bytes = 8ULL << 20;
  std::uint64_t ballast_bytes = 2ULL << 20;
  std::int64_t history = 50;  // delivered captures kept for `status`
  // Said early: less room than this share of the quota, or than this long at the present rate.
  std::uint64_t low_room_divisor = 10;
  std::int64_t low_room_us = 20LL * 60 * 1'000'000;
  // With less room than this share of the quota (and than this much) masters are thinned.
  std::uint64_t thin_room_divisor = 20;
  std::uint64_t thin_room_bytes = 64ULL << 20;
};

// How much more can be recorded here.
struct SpoolRoom {
  std::uint64_t free_bytes = 0;   // until the quota or the disk's reserve is reached
  std::uint64_t bytes_per_s = 0;  // written of late; 0: nothing is
  std::int64_t left_ms = -1;      // at that rate; -1: nothing is written
};

enum class CaptureState { kRecording, kClosed, kDelivered };

struct TrackSummary {
  std::string name;
  TrackHandle handle = 0;
  TrackFigures figures;
  std::string failure;  // why it was given up; empty: sound
};
struct CaptureSummary {
  CaptureRow row;
  CaptureState state = CaptureState::kClosed;
  std::vector<TrackSummary> tracks;
  std::uint64_t waiting_events = 0;  // not at the hub, refused ones included
  std::uint64_t refused_events = 0;
  std::string refused_event;  // why the hub will not take one of these
};

// Events that are not at the hub, of all captures and of none.
struct OutboxSummary {
  std::uint64_t waiting = 0;  // refused ones included
  std::uint64_t refused = 0;
  std::string refused_why;  // of the first of these
};
// An event that is not at the hub.
struct WaitingEvent {
  std::string refused;  // why the hub does not take it (now, or ever); empty: it did not say so
};

// What the spool itself is short of, for people; empty kind: nothing.
struct SpoolTrouble {
  std::string kind;  // disk_full | quota_full | disk_error | low_room: said before it is full
  std::string detail;
};

class Spool final : public CaptureStore {
 public:
  // Takes the lock and recovers (blocking). kFailedPrecondition: another process holds the spool.
  static Result<std::unique_ptr<Spool>> open(SpoolSettings settings, SigningKey key, Clock& clock,
                                             Disk& disk, Log log);
  ~Spool() override { stop(); }

  // Announces what is there and starts the sync thread. Call once, before anything below.
  // `listener` may be null (nothing is delivered by this process).
  void start(SpoolListener* listener);
  // Syncs what is written and joins the sync thread; nothing is announced any more. Idempotent.
  void stop();

  Result<std::unique_ptr<CaptureWriter>> open_capture(ProjectId project, std::string area,
                                                      v1::CaptureOpened opened) override;
  // States an event outside of a running recording. Blocking until synced.
  Result<EventId> state_event(ProjectId project, v1::Event event);

  [[nodiscard]] std::vector<CaptureSummary> captures() const;  // by order of opening
  [[nodiscard]] OutboxSummary outbox() const;
  // nullopt: it is at the hub, or was never stated here.
  [[nodiscard]] std::optional<WaitingEvent> waiting_event(EventId id) const;
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }
  [[nodiscard]] SpoolTrouble trouble() const;
  [[nodiscard]] SpoolRoom room() const;
  // Whether a recording that the full disk has ended can go on for a while.
  [[nodiscard]] bool has_room_again() const;
  [[nodiscard]] std::uint32_t boot_count() const { return boot_count_; }

  // ---- Delivery: delivery thread only.
  Result<Frame> read_frame(TrackHandle track, std::uint64_t sequence);
  std::uint32_t frame_bytes(TrackHandle track, std::uint64_t sequence);
  std::optional<Hash> running_hash(TrackHandle track, std::uint64_t count);
  // The hub has parts [0, count) and its running hash is ours. REQUIRES: count <= synced.
  void delivered(TrackHandle track, std::uint64_t count);
  void events_delivered(const std::vector<EventId>& ids);
  void event_refused(EventId id, std::string why);  // for good
  // As event_refused for those who ask, until it is delivered or this process ends; it is still
  // sent.
  void event_held(EventId id, std::string why);

 private:
  friend class SpoolWriter;
  struct Capture;
  // A capture owns its tracks, never the other way round; what a track's files and rows need of its
  // capture it holds itself.
  struct Track {
    TrackHandle handle = 0;
    std::weak_ptr<Capture> capture;
    CaptureId capture_id;
    ProjectId project;
    std::int64_t position = 0;  // of the capture
    std::unique_ptr<TrackLog> log;
    std::atomic<bool> dirty = false;
  };
  struct Capture {
    CaptureRow row;
    CaptureState state = CaptureState::kRecording;
    bool closing = false;
    bool ending = false;  // its end is on its way into the index
    std::map<std::string, std::shared_ptr<Track>, std::less<>> tracks;
    std::uint64_t waiting_events = 0;
    std::shared_ptr<EventRow> closed_event;  // made once, however often the commit is tried
    bool releasing = false;
  };
  // An event that the hub has not confirmed.
  struct Outgoing {
    std::shared_ptr<Capture> capture;  // null: it speaks of none that is known here
    std::string refused;
  };
  // One change of the index, made by the sync thread in the group after those before it.
  struct Change {
    std::function<Status(Index&)> apply;
    std::function<void(const Status&)> done;  // after the commit, or with why it was dropped
    int attempts = 0;                         // left before it is dropped; below 0: kept for ever
  };

  Spool(SpoolSettings settings, SigningKey key, Clock& clock, Disk& disk, Log log, FileLock lock,
        std::unique_ptr<Index> index);

  // opening (spool_recover.cpp)
  Status recover();
  Status recover_capture(const CaptureRow& row);
  // Adds to `damage` what a person should know.
  Result<std::unique_ptr<TrackLog>> recover_track(CaptureId capture, const TrackRow& track,
                                                  std::string& damage);
  Status close_interrupted(const std::shared_ptr<Capture>& capture, const std::string& damage);
  Status count_boot();
  void remove_orphans();

  // capture threads (spool.cpp)
  Status append(const std::shared_ptr<Capture>& capture, std::string_view track, NewPart part);
  Status check_room(std::uint64_t more_bytes);
  Result<std::shared_ptr<Track>> track_of(const std::shared_ptr<Capture>& capture,
                                          std::string_view name);
  // Completes and serialises the event and puts it in line for the next group.
  Status add_event(ProjectId project, v1::Event& event, std::function<void(const Status&)> done);
  Status close(const std::shared_ptr<Capture>& capture, std::string_view reason,
               std::string_view detail);
  std::shared_ptr<EventRow> prepare_event(ProjectId project, v1::Event& event) const;
  static Status check_prepared(const v1::Event& event, const EventRow& row);
  std::unique_ptr<TrackLog> new_log(const Capture& capture, std::string_view name);
  void announce(const EventRow& row);
  [[nodiscard]] v1::Event make_closed_event(const Capture& capture, std::string_view reason,
                                            std::string_view detail) const;
  Status put_end(Index& index, Capture& capture, std::string_view reason, std::string_view detail,
                 std::int64_t interrupted_at_us);
  void note_end(const std::shared_ptr<Capture>& capture, std::string_view reason,
                std::int64_t interrupted_at_us);
  std::shared_ptr<Capture> take_interrupted(const CaptureRow& row) SC_REQUIRES(mutex_);
  void write_ledger(CaptureId capture, std::string_view track, const RecordHead& head);
  void touch(const std::shared_ptr<Track>& track) SC_EXCLUDES(mutex_);
  void enqueue(Change change, bool urgent);
  // `most_us`: 0 = as long as it takes. After that the change stays and is done when it can be.
  Status enqueue_and_wait(std::function<Status(Index&)> apply, int attempts,
                          std::function<void(const Status&)> done, std::int64_t most_us = 0);

  // sync thread (spool_sync.cpp)
  void run();
  void run_group(std::vector<std::shared_ptr<Track>> dirty, std::vector<Change> changes);
  void sync_track(Track& track);
  Status sync_files(Track& track, const TrackLog::Sync& sync);
  void commit(std::vector<Change> changes);
  Status try_commit(const std::vector<Change>& changes, std::size_t& failed);
  void free_delivered(const std::shared_ptr<Track>& track);
  void release_if_done(const std::shared_ptr<Capture>& capture);
  void forget_oldest_delivered() SC_REQUIRES(mutex_);
  [[nodiscard]] TrackRow row_of(const Track& track,
                                const std::optional<Hash>& delivered_hash) const;
  void unlink_files(Track& track);
  void keep_ballast();
  void release_ballast();
  // pressure (spool_pressure.cpp)
  void measure_rate();
  void watch_room();
  void thin();
  [[nodiscard]] std::vector<std::shared_ptr<Track>> thinnable() const;
  Result<std::uint64_t> thin_track(const std::shared_ptr<Track>& track, std::uint64_t wanted_bytes);

  [[nodiscard]] std::filesystem::path folder_of(CaptureId capture) const;
  // Null when its capture is delivered and forgotten.
  [[nodiscard]] std::shared_ptr<Track> track_at(TrackHandle handle) const;
  static std::shared_ptr<Track> make_track(const std::shared_ptr<Capture>& capture,
                                           std::unique_ptr<TrackLog> log);
  std::shared_ptr<Track> add_track(const std::shared_ptr<Capture>& capture,
                                   std::unique_ptr<TrackLog> log) SC_REQUIRES(mutex_);
  [[nodiscard]] TrackDescription describe(const Track& track) const;
  bool mark_refused(EventId id, std::string why);  // false: it does not wait
  void set_trouble(std::string kind, std::string detail);

  const SpoolSettings settings_;
  const SigningKey key_;
  Clock& clock_;
  Disk& disk_;
  const Log log_;
  const FileLock lock_;
  std::unique_ptr<Index> index_;  // sync thread, once started
  SpoolListener* listener_ = nullptr;
  std::uint32_t boot_count_ = 0;

  mutable Mutex mutex_;
  CondVar wake_;      // the sync thread
  CondVar finished_;  // whoever waits for a change
  std::vector<std::shared_ptr<Capture>> captures_ SC_GUARDED_BY(mutex_);  // by position
  // Those whose capture was not forgotten.
  std::map<TrackHandle, std::shared_ptr<Track>> tracks_ SC_GUARDED_BY(mutex_);
  TrackHandle next_handle_ SC_GUARDED_BY(mutex_) = 0;
  std::vector<std::shared_ptr<Track>> dirty_ SC_GUARDED_BY(mutex_);
  std::vector<Change> changes_ SC_GUARDED_BY(mutex_);
  std::map<EventId, Outgoing> outbox_ SC_GUARDED_BY(mutex_);
  std::vector<OutboxEvent> found_events_ SC_GUARDED_BY(mutex_);  // until start()
  std::int64_t work_since_us_ SC_GUARDED_BY(mutex_) = 0;         // 0: no work
  bool urgent_ SC_GUARDED_BY(mutex_) = false;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  SpoolTrouble trouble_ SC_GUARDED_BY(mutex_);

  std::atomic<std::uint64_t> stored_bytes_ = 0;
  std::atomic<std::uint64_t> written_bytes_ = 0;  // since the start; for the rate
  std::atomic<std::uint64_t> rate_bytes_per_s_ = 0;
  std::atomic<bool> room_refused_ = false;  // somebody had to be turned away
  // Sync thread.
  std::vector<Change> kept_changes_;     // to be tried again
  std::vector<OutboxEvent> new_events_;  // of the present group
  std::vector<SyncedTrack> synced_;      // of the present group
  std::int64_t rate_since_us_ = 0;
  std::uint64_t rate_from_bytes_ = 0;
  std::int64_t thin_again_us_ = 0;  // not before, because nothing could be thinned

  Mutex ledger_mutex_;
  File ledger_ SC_GUARDED_BY(ledger_mutex_);
  std::thread thread_;
};

}  // namespace sitecast::agent
