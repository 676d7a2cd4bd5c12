// SPDX-License-Identifier: Apache-2.0
// The files of one track in the spool: records (record.h) appended to files named by their first
// sequence (spool_file.h), a new one about every `file_bytes`, so that a long capture is freed
// piece by piece. A file ends, whatever follows in it, where the next one begins. Thread-safety:
// any thread, except that read_frame, frame_bytes and running_hash belong to one reader thread.
// append writes into the page cache under the track's lock; nothing else does I/O under it.
// Ownership: the Disk must outlive it.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/spool/disk.h"
#include "agent/spool/part_builder.h"
#include "agent/spool/spool_file.h"
#include "proto/base/file.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

struct TrackFigures {
  std::uint64_t made = 0;        // parts written
  std::uint64_t synced = 0;      // parts [0, synced) survive a power cut
  std::uint64_t delivered = 0;   // parts [0, delivered) are at the hub, by equal running hash
  std::uint64_t made_bytes = 0;  // of frames, freed ones included
  std::int64_t duration_us = 0;
  bool sealed = false;        // nothing follows `made`
  std::uint64_t thinned = 0;  // parts that followed and were given up: the device was full
};

// Where an ended track can be cut, so that the files behind are free.
struct TrackCut {
  std::uint64_t made = 0;         // parts that stay
  std::uint64_t freed_bytes = 0;  // of files
  std::uint64_t freed_frame_bytes = 0;
  std::filesystem::path first_freed;  // the file that begins with part `made`
  std::filesystem::path before;       // the file that ends there; empty: nothing stays
  std::uint64_t before_first = 0;
  Hash running_hash{};           // R(made); the caller reads it
  std::int64_t duration_us = 0;  // of what stays; the caller reads it
};

class TrackLog {
 public:
  // A new, empty track.
  TrackLog(std::filesystem::path folder, CaptureId capture, std::string track, Disk& disk,
           std::uint64_t file_bytes);
  // A track found on disk, sealed: nothing can be appended. Made by recovery (recovery.h).
  TrackLog(std::filesystem::path folder, CaptureId capture, std::string track, Disk& disk,
           std::deque<SpoolFile> files, TrackFigures figures, Hash running_hash);

  // Errors leave the track as it was. kResourceExhausted: disk full; kDataLoss: the track was
  // given up after a failed sync; kInvalidArgument: the part breaks a limit.
  Result<BuiltPart> append(const NewPart& part, const SigningKey& key, std::int64_t monotonic_us);

  // Sync, in this order, by one thread: begin, then each file (and the folder when new_files),
  // then finish. On a failed sync: rewrite_unsynced, sync what it returns, finish or give_up.
  struct Sync {
    std::vector<std::shared_ptr<File>> files;
    bool new_files = false;
    std::uint64_t count = 0;
  };
  std::optional<Sync> begin_sync();  // nullopt: nothing to do
  void finish_sync(const Sync& sync);
  Result<Sync> rewrite_unsynced();
  void give_up(const Error& error);
  [[nodiscard]] std::optional<Error> failure() const;

  // Nothing can be appended from here on.
  void seal();

  // The part as it was written. kDataLoss when the record on disk is damaged; kNotFound when
  // freed.
  Result<Frame> read_frame(std::uint64_t sequence);
  // Size of the part's frame; 0 when it cannot be told.
  std::uint32_t frame_bytes(std::uint64_t sequence);
  // R(count); nullopt when the record that holds it is freed or damaged. R(0) is always known.
  std::optional<Hash> running_hash(std::uint64_t count);
  // R(synced), from memory.
  [[nodiscard]] RunningHash synced_hash() const;

  // The hub has [0, count). What may be unlinked follows. More than is here (a receipt for what has
  // been cut off meanwhile) counts as all that is here.
  void mark_delivered(std::uint64_t count);
  // Files that hold only delivered parts and are not written any more leave the track's list; the
  // caller unlinks them once `delivered` is durable.
  std::vector<std::filesystem::path> take_freeable();
  [[nodiscard]] bool has_freeable() const;
  // From the end, whole files that the hub has nothing of, until `wanted_bytes` are free. nullopt:
  // there are none, or the track is not whole and synced here.
  [[nodiscard]] std::optional<TrackCut> plan_cut(std::uint64_t wanted_bytes) const;
  // The track ends at the cut from now on; the caller unlinks what is returned.
  std::vector<std::filesystem::path> cut_back(const TrackCut& cut);

  [[nodiscard]] TrackFigures figures() const;
  [[nodiscard]] std::uint64_t stored_bytes() const;
  [[nodiscard]] const std::string& track() const { return track_; }

 private:
  struct Unsynced {
    RecordHead head;
    Frame frame;
  };
  struct Place {
    std::filesystem::path path;
    std::uint64_t file_first = 0;
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  [[nodiscard]] std::filesystem::path path_of(const SpoolFile& file) const;
  Status start_file(std::uint64_t first) SC_REQUIRES(mutex_);
  Status write_record(const RecordHead& head, const Frame& frame) SC_REQUIRES(mutex_);
  void take_back_torn_write() SC_REQUIRES(mutex_);
  SpoolFile* find_file(std::uint64_t sequence) SC_REQUIRES(mutex_);
  Result<Place> place_of(std::uint64_t sequence);
  Status read(const Place& place, std::uint64_t offset, std::span<std::uint8_t> out);

  const std::filesystem::path folder_;
  const CaptureId capture_;
  const std::string track_;
  Disk& disk_;
  const std::uint64_t file_bytes_;

  mutable Mutex mutex_;
  PartBuilder builder_ SC_GUARDED_BY(mutex_);
  std::deque<SpoolFile> files_ SC_GUARDED_BY(mutex_);
  std::shared_ptr<File> current_ SC_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<File>> dirty_ SC_GUARDED_BY(mutex_);
  std::uint32_t attempt_ SC_GUARDED_BY(mutex_) = 0;
  bool new_files_ SC_GUARDED_BY(mutex_) = false;
  std::deque<Unsynced> unsynced_ SC_GUARDED_BY(mutex_);
  Hash synced_hash_ SC_GUARDED_BY(mutex_);
  std::optional<Error> failure_ SC_GUARDED_BY(mutex_);
  TrackFigures figures_ SC_GUARDED_BY(mutex_);
  std::uint32_t timescale_ SC_GUARDED_BY(mutex_) = 0;

  // Reader thread only.
  File reader_;
  std::filesystem::path reader_path_;
};

}  // namespace sitecast::agent
