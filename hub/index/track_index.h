// SPDX-License-Identifier: Apache-2.0
// One track on its way into the index: what was read from its sidecar and is not written yet. The
// open minute and late fills wait here, so that a row is not rewritten for every part. What waits
// is bounded by kMaxPending records; after a crash it is read from the sidecar again. Owner thread:
// the index writer's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "hub/archive/layout.h"
#include "hub/index/cells.h"
#include "hub/index/part_ref.h"
#include "hub/index/work.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

class TrackIndex {
 public:
  // Rows are written at most this often, unless kMaxPending is reached.
  static constexpr std::int64_t kRewriteDelayUs = 10'000'000;
  // A track that went quiet is written after this time.
  static constexpr std::int64_t kQuietDelayUs = 60'000'000;
  static constexpr std::uint64_t kMaxPending = 4096;

  // The track's row, if it has one.
  static Result<TrackIndex> load(Database& database, TrackKey key, TrackKind kind);

  enum class Progress {
    kDone,     // read up to the end asked for
    kFull,     // kMaxPending records wait: store() and read on
    kDamaged,  // the sidecar cannot be read beyond read_bytes(); what came before is merged
  };
  // Reads the sidecar up to `durable_bytes` and merges its parts. Errors are the database's.
  Result<Progress> read(Database& database, const Layout& layout, std::uint64_t durable_bytes,
                        std::int64_t now_us);
  [[nodiscard]] bool due(std::int64_t now_us) const;
  [[nodiscard]] bool pending() const { return pending_ > 0; }
  [[nodiscard]] std::int64_t touched_at_us() const { return touched_at_us_; }
  // Writes rows, init segments and the track's row, inside the caller's transaction.
  Status store(Database& database, std::int64_t now_us);

  [[nodiscard]] const TrackKey& key() const { return key_; }
  [[nodiscard]] TrackKind kind() const { return kind_; }
  [[nodiscard]] bool stored() const { return track_id_ != 0; }
  [[nodiscard]] std::int64_t first_received_at_us() const { return first_received_at_us_; }
  [[nodiscard]] DeviceId device() const { return device_; }
  [[nodiscard]] std::uint64_t read_bytes() const { return read_bytes_; }
  // Its last part is here and none is missing.
  [[nodiscard]] bool whole() const {
    return part_count_total_ && part_count_ == *part_count_total_ && end_sequence_ == part_count_;
  }
  [[nodiscard]] std::uint64_t pending_records() const { return pending_; }
  // true once, when the track's first segment has closed since it was loaded.
  bool take_first_segment_closed();
  // true once, when the track has become whole since it was loaded.
  bool take_became_whole();
  void expect_parts(std::uint64_t part_count_total) { expected_parts_ = part_count_total; }

 private:
  TrackIndex(TrackKey key, TrackKind kind) : key_(std::move(key)), kind_(kind) {}
  Status merge(Database& database, const SidecarRecord& record);
  void note_extent(const PartRef& part);
  void note_init(const PartRef& part, const v1::PartEnvelope& envelope);
  Status add_track(Database& database);
  Status store_track(Database& database);

  struct Row {
    CellRow cells;
    bool dirty = false;
  };
  Result<Row*> row_of(Database& database, std::uint64_t number);

  struct NewInit {
    std::string codec;
    std::string init_segment;
  };
  Status store_init(Database& database, const std::string& hash, const NewInit& init);

  TrackKey key_;
  TrackKind kind_;
  std::int64_t track_id_ = 0;  // 0: no row yet
  DeviceId device_;

  // Columns of the track's row.
  std::uint32_t timescale_ = 0;
  std::string codec_;
  std::optional<std::uint64_t> codec_sequence_;
  std::uint64_t part_count_ = 0;
  std::optional<std::uint64_t> part_count_total_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t first_media_time_ = 0;
  std::uint64_t end_media_time_ = 0;
  std::uint64_t end_sequence_ = 0;
  std::string file_name_;
  std::string media_type_;
  std::uint64_t file_size_bytes_ = 0;

  std::uint64_t read_bytes_ = 0;  // of the sidecar
  std::map<std::uint64_t, Row> rows_;
  std::map<std::string, NewInit> new_inits_;
  std::uint64_t pending_ = 0;  // records read and not stored
  std::int64_t first_pending_us_ = 0;
  std::int64_t touched_at_us_ = 0;
  std::int64_t stored_at_us_ = 0;  // monotonic, like the two before; 0: not in this run
  std::int64_t first_received_at_us_ = 0;
  std::uint64_t segment_count_ = 0;  // at least; exact up to 2
  bool first_segment_known_ = false;
  bool whole_known_ = false;
  std::optional<std::uint64_t> expected_parts_;  // from capture.closed
};

}  // namespace sitecast::hub
