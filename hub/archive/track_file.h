// SPDX-License-Identifier: Apache-2.0
// One track that is being archived: its two files and what is known about them. Parts are appended
// in groups; a part is durable after the group's sync, when the owner calls settle(). What is
// appended and not settled is taken back by roll_back() after a failed write or sync, because the
// kernel may have dropped it although a later sync succeeds.
//
// Memory: ranges of sequences, and one entry per kRunRecords parts to find a record again; never a
// hash per part.
// Owner thread: the commit thread. Blocking: file reads and writes, no sync but in open().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "hub/archive/layout.h"
#include "hub/archive/sequence_set.h"
#include "hub/archive/sidecar.h"
#include "hub/index/work.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/codec/running_hash.h"

namespace sitecast::hub {

// One group commit appends at most this much to any file (and one part more), so whatever lies
// further from the end of a file was synced by an earlier group: there, damage is damage, and is
// never cut off as a torn tail.
inline constexpr std::uint64_t kGroupMediaBytes = 16ULL * 1024 * 1024;
inline constexpr std::uint64_t kGroupSidecarBytes = 8ULL * 1024 * 1024;

// A part that verify has accepted. Views into the arrival.
struct PartToStore {
  std::uint64_t sequence = 0;
  bool live = false;
  bool carries_init = false;
  bool last = false;
  std::int64_t received_at_us = 0;
  Hash hash{};
  ByteView envelope_bytes;
  ByteView proof_bytes;
  ByteView media;
};

class TrackFile {
 public:
  // Opens the files of a track that exists. `suspect` (a run that wrote to it did not end cleanly):
  // the last group may be torn, so what is not whole or does not match its hash there is cut off,
  // and both files are synced. `once_read`: so many bytes of the sidecar the index has read, so
  // they were durable, and damage before that is no torn end. kNotFound: no such track. kDataLoss:
  // damaged elsewhere, nothing is touched.
  static Result<std::unique_ptr<TrackFile>> open(const Layout& layout, const TrackKey& key,
                                                 bool suspect, std::uint64_t once_read = 0);
  // Makes the files of a new track. The owner syncs the folders. kDataLoss: there is media already,
  // whose sidecar is lost; nothing is touched.
  static Result<std::unique_ptr<TrackFile>> create(const Layout& layout, const TrackKey& key,
                                                   DeviceId device);

  [[nodiscard]] const TrackKey& key() const { return key_; }
  [[nodiscard]] DeviceId device() const { return device_; }
  [[nodiscard]] const SequenceSet& received() const { return received_; }
  // Over parts [0, count), count <= received().contiguous(); equal after advance().
  [[nodiscard]] const RunningHash& running() const { return running_; }
  [[nodiscard]] std::uint64_t durable_sidecar_bytes() const { return durable_sidecar_bytes_; }
  [[nodiscard]] File& media() { return media_; }
  [[nodiscard]] File& sidecar() { return sidecar_; }

  // Hash of the stored part; nullopt: it is not here. kDataLoss: it cannot be read back.
  Result<std::optional<Hash>> stored_hash(std::uint64_t sequence);

  // REQUIRES: !received().contains(part.sequence). After an error only roll_back() is allowed.
  Status append(const PartToStore& part);
  // Writes the group's sidecar records. After this and a sync of both files: settle().
  Status write_records();
  void settle();
  // Takes back what is not settled and syncs that. After an error the track must not be used.
  Status roll_back();

  // Extends running() over parts that lay beyond a gap which is closed now; shows each record
  // passed. REQUIRES: nothing waits for write_records().
  Status advance(const std::function<void(const SidecarRecord&, const RunningHash&)>& passed);

 private:
  static constexpr std::uint64_t kRunRecords = 64;
  // Records of consecutive parts that follow each other in the sidecar.
  struct Run {
    std::uint64_t count = 0;
    std::uint64_t sidecar_offset = 0;
    std::uint64_t sidecar_end = 0;
  };

  TrackFile(TrackKey key, RunningHash running) : key_(std::move(key)), running_(running) {}
  Status scan(bool suspect, std::uint64_t once_read);
  Status cut_torn_tail(bool suspect, std::uint64_t once_read, std::uint64_t read_to);
  Result<Bytes> read_media(const SidecarRecord& record) const;
  Error damaged() const;
  void note(std::uint64_t sequence, std::uint64_t record_offset, std::uint64_t record_end);

  TrackKey key_;
  DeviceId device_;
  File media_;
  File sidecar_;
  RunningHash running_;
  SequenceSet received_;
  std::map<std::uint64_t, Run> runs_;  // by first sequence
  std::uint64_t last_run_ = 0;         // the one that the last record belongs to

  std::uint64_t media_bytes_ = 0;    // appended
  std::uint64_t sidecar_bytes_ = 0;  // appended, with the records that wait
  Bytes waiting_records_;
  std::uint64_t durable_media_bytes_ = 0;
  std::uint64_t durable_sidecar_bytes_ = 0;
};

}  // namespace sitecast::hub
