// SPDX-License-Identifier: Apache-2.0
// One track as a reader sees it at one moment: its rows in the index completed by the parts in its
// sidecar beyond what the index has. Lives for one call of the reader, inside its read transaction.
// Owner thread: the reader's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/index/capture_row.h"
#include "hub/index/cells.h"
#include "hub/index/part_ref.h"
#include "hub/index/reader.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

class TrackView {
 public:
  // kNotFound when neither the index nor the archive knows the track.
  static Result<TrackView> open(Database& database, const Layout& layout, CaptureId capture,
                                std::string_view track);

  // part_count_total: from the part marked last, else as capture.closed states it.
  [[nodiscard]] const TrackInfo& info() const { return info_; }

  // Cells of every segment that overlaps [from, until), in order.
  Result<std::vector<Cell>> cells_between(std::uint64_t from, std::uint64_t until);
  // Cells of the segment that has the part `sequence`.
  Result<std::vector<Cell>> cells_around(std::uint64_t sequence);
  Result<Bytes> init_segment(std::string_view init_hash8);

 private:
  TrackView(Database& database, TrackKind kind) : database_(&database), kind_(kind) {}
  // What the track's row says; false: it has none yet.
  Result<bool> load_columns(CaptureId capture, std::string_view track);
  // The same of a track that only the archive knows. kNotFound: no such capture.
  Status load_capture_of(CaptureId capture, std::string_view track);
  Status read_tail(const std::filesystem::path& sidecar);
  void add_to_info(const PartRef& part, const v1::PartEnvelope& envelope);
  // The row completed by the tail; empty if there is none.
  Result<CellRow> row(std::uint64_t number);
  // Nearest row number that exists at or before / at or after `number`.
  Result<std::optional<std::uint64_t>> row_before(std::uint64_t number);
  Result<std::optional<std::uint64_t>> row_after(std::uint64_t number);
  Result<std::vector<Cell>> cells_of_rows(std::uint64_t first, std::uint64_t last);

  Database* database_;
  TrackKind kind_;
  std::int64_t track_id_ = 0;  // 0: not in the index yet
  std::uint64_t indexed_bytes_ = 0;
  std::optional<std::uint64_t> codec_sequence_;
  ProjectId project_;
  bool capture_complete_ = false;
  std::optional<std::uint64_t> part_count_stated_;
  TrackInfo info_;
  std::map<std::uint64_t, std::vector<PartRef>> tail_;     // by row number
  std::map<std::uint64_t, std::uint64_t> tail_sequences_;  // sequence -> row number
  std::map<std::string, std::string> tail_inits_;          // by hash
};

}  // namespace sitecast::hub
