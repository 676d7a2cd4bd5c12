// SPDX-License-Identifier: Apache-2.0
#include "hub/index/track_view.h"

#include <algorithm>

#include "hub/archive/sidecar.h"
#include "hub/index/part_ref.h"
#include "proto/base/file.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::hub {
namespace {

// More than the index ever leaves to its readers, unless its writer is stuck.
constexpr std::uint64_t kTailBytes = 16ULL * 1024 * 1024;

bool has_start(const CellRow& row) {
  return std::any_of(row.cells().begin(), row.cells().end(),
                     [](const Cell& cell) { return cell.starts_segment; });
}

}  // namespace

Result<TrackView> TrackView::open(Database& database, const Layout& layout, CaptureId capture,
                                  std::string_view track) {
  const auto kind = track_kind(track);
  if (!kind) return not_found("no such track");
  TrackView view(database, *kind);
  view.info_.name = track;
  SC_TRY_ASSIGN(const bool indexed, view.load_columns(capture, track));
  if (!indexed) SC_TRY(view.load_capture_of(capture, track));
  // Of a complete capture the index has everything, and its sidecar may be cold; only a remote
  // voice may still be added to it.
  if (!view.capture_complete_ || *kind == TrackKind::kTalk) {
    SC_TRY(view.read_tail(layout.sidecar(view.project_, capture, track)));
  }
  if (!indexed && view.tail_.empty()) return not_found("no such track");
  if (!view.info_.part_count_total) view.info_.part_count_total = view.part_count_stated_;
  return view;
}

Result<bool> TrackView::load_columns(CaptureId capture, std::string_view track) {
  SC_TRY_ASSIGN(
      Statement * select,
      database_->cached(
          "select track_id, indexed_bytes, timescale, codec, codec_sequence, part_count,"
          " part_count_total, size_bytes, first_media_time, end_media_time, file_name, media_type,"
          " file_size_bytes, project_id, capture_complete, part_count_stated"
          " from track where capture_id = ? and name = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(capture, track).step());
  if (!found) return false;
  track_id_ = select->integer(0);
  indexed_bytes_ = select->unsigned_integer(1);
  info_.timescale = static_cast<std::uint32_t>(select->integer(2));
  info_.codec = select->text(3);
  if (!select->is_null(4)) codec_sequence_ = select->unsigned_integer(4);
  info_.part_count = select->unsigned_integer(5);
  if (!select->is_null(6)) info_.part_count_total = select->unsigned_integer(6);
  info_.size_bytes = select->unsigned_integer(7);
  info_.first_media_time = select->unsigned_integer(8);
  info_.end_media_time = select->unsigned_integer(9);
  info_.file_name = select->text(10);
  info_.media_type = select->text(11);
  info_.file_size_bytes = select->unsigned_integer(12);
  project_ = ProjectId::from_bytes(select->blob(13)).value_or(ProjectId());
  capture_complete_ = select->integer(14) != 0;
  if (!select->is_null(15)) part_count_stated_ = select->unsigned_integer(15);
  select->reset();
  return true;
}

Status TrackView::load_capture_of(CaptureId capture, std::string_view track) {
  SC_TRY_ASSIGN(const auto row, load_capture(*database_, capture));
  if (!row) return not_found("no such capture");
  project_ = row->project;
  v1::CaptureClosed closing;
  if (!closing.ParseFromArray(row->closing.data(), static_cast<int>(row->closing.size()))) {
    return Ok{};
  }
  for (const v1::TrackEnd& end : closing.tracks()) {
    if (end.track() == track) part_count_stated_ = end.part_count();
  }
  return Ok{};
}

Status TrackView::read_tail(const std::filesystem::path& sidecar) {
  const auto file = File::open_for_reading(sidecar);
  if (!file.ok()) return Ok{};  // the index alone, then
  const auto end = read_sidecar(
      *file, indexed_bytes_,
      [&](const SidecarRecord& record, std::uint64_t) {
        const auto part = index_part(kind_, record);
        if (!part.ok()) return true;
        const std::uint64_t number = row_number(kind_, part->ref.media_time);
        if (!tail_sequences_.emplace(part->ref.sequence, number).second) return true;
        tail_[number].push_back(part->ref);
        add_to_info(part->ref, part->envelope);
        return true;
      },
      indexed_bytes_ + kTailBytes);
  if (!end.ok()) return end.error();
  return Ok{};
}

void TrackView::add_to_info(const PartRef& part, const v1::PartEnvelope& envelope) {
  const std::uint64_t end =
      part.media_time + (is_file_track(kind_) ? part.size_bytes : std::uint64_t{part.duration});
  info_.first_media_time =
      info_.part_count == 0 ? part.media_time : std::min(info_.first_media_time, part.media_time);
  info_.end_media_time = std::max(info_.end_media_time, end);
  ++info_.part_count;
  info_.size_bytes += part.size_bytes;
  if (part.last) info_.part_count_total = part.sequence + 1;
  if (envelope.has_file()) {
    info_.file_name = envelope.file().name();
    info_.media_type = envelope.file().media_type();
    info_.file_size_bytes = envelope.file().size_bytes();
  }
  if (envelope.init_segment().empty()) return;
  tail_inits_.emplace(part.init_hash8, envelope.init_segment());
  if (codec_sequence_ && *codec_sequence_ <= part.sequence) return;
  const ByteView init = as_bytes(envelope.init_segment());
  const auto codec = codec_string(init);
  const auto info = read_init(init);
  if (!codec.ok() || !info.ok()) return;
  codec_sequence_ = part.sequence;
  info_.codec = *codec;
  info_.timescale = info->timescale;
}

Result<CellRow> TrackView::row(std::uint64_t number) {
  CellRow row;
  if (track_id_ != 0) {
    SC_TRY_ASSIGN(Statement * select,
                  database_->cached("select cells from track_row where row_key = ?"));
    SC_TRY_ASSIGN(const bool found, select->bind(row_key(track_id_, number)).step());
    if (found) {
      SC_TRY_ASSIGN(row, CellRow::decode(select->blob(0)));
      select->reset();
    }
  }
  if (const auto tail = tail_.find(number); tail != tail_.end()) {
    for (const PartRef& part : tail->second) row.add(part);
  }
  return row;
}

Result<std::optional<std::uint64_t>> TrackView::row_before(std::uint64_t number) {
  std::optional<std::uint64_t> nearest;
  if (track_id_ != 0) {
    SC_TRY_ASSIGN(
        Statement * select,
        database_->cached("select row_number from track_row where row_key >= ? and row_key <= ?"
                          " order by row_key desc limit 1"));
    SC_TRY_ASSIGN(const bool found,
                  select->bind(row_key(track_id_, 0), row_key(track_id_, number)).step());
    if (found) nearest = select->unsigned_integer(0);
    select->reset();
  }
  if (auto tail = tail_.upper_bound(number); tail != tail_.begin()) {
    nearest = std::max(nearest.value_or(0), std::prev(tail)->first);
  }
  return nearest;
}

Result<std::optional<std::uint64_t>> TrackView::row_after(std::uint64_t number) {
  std::optional<std::uint64_t> nearest;
  if (track_id_ != 0) {
    SC_TRY_ASSIGN(
        Statement * select,
        database_->cached("select row_number from track_row where row_key >= ? and row_key < ?"
                          " order by row_key limit 1"));
    SC_TRY_ASSIGN(const bool found,
                  select->bind(row_key(track_id_, number), row_key(track_id_ + 1, 0)).step());
    if (found) nearest = select->unsigned_integer(0);
    select->reset();
  }
  if (const auto tail = tail_.lower_bound(number); tail != tail_.end()) {
    nearest = std::min(nearest.value_or(tail->first), tail->first);
  }
  return nearest;
}

// Whole segments: back to the row where the first of them starts, and on to where the one after the
// last of them starts.
Result<std::vector<Cell>> TrackView::cells_of_rows(std::uint64_t first, std::uint64_t last) {
  std::vector<Cell> cells;
  for (std::uint64_t before = first; before > 0;) {
    SC_TRY_ASSIGN(const auto number, row_before(before - 1));
    if (!number) break;
    first = before = *number;
    SC_TRY_ASSIGN(const CellRow earlier, row(*number));
    if (has_start(earlier)) break;
  }
  for (std::uint64_t from = first;;) {
    SC_TRY_ASSIGN(const auto number, row_after(from));
    if (!number) break;
    SC_TRY_ASSIGN(const CellRow next, row(*number));
    cells.insert(cells.end(), next.cells().begin(), next.cells().end());
    if (*number > last && has_start(next)) break;
    from = *number + 1;
  }
  return cells;
}

Result<std::vector<Cell>> TrackView::cells_between(std::uint64_t from, std::uint64_t until) {
  if (until <= from) return std::vector<Cell>();
  return cells_of_rows(row_number(kind_, from), row_number(kind_, until - 1));
}

Result<std::vector<Cell>> TrackView::cells_around(std::uint64_t sequence) {
  std::optional<std::uint64_t> number;
  if (const auto tail = tail_sequences_.find(sequence); tail != tail_sequences_.end()) {
    number = tail->second;
  } else if (track_id_ != 0) {
    SC_TRY_ASSIGN(Statement * select,
                  database_->cached(
                      "select row_number from track_row where track_id = ? and first_sequence <= ?"
                      " order by first_sequence desc limit 1"));
    SC_TRY_ASSIGN(const bool found, select->bind(track_id_, sequence).step());
    if (found) number = select->unsigned_integer(0);
    select->reset();
  }
  if (!number) return not_found("no such segment");
  return cells_of_rows(*number, *number);
}

Result<Bytes> TrackView::init_segment(std::string_view init_hash8) {
  if (const auto tail = tail_inits_.find(std::string(init_hash8)); tail != tail_inits_.end()) {
    return Bytes(tail->second.begin(), tail->second.end());
  }
  SC_TRY_ASSIGN(Statement * select,
                database_->cached("select content.init_segment from init_segment"
                                  " join init_content as content using (content_id)"
                                  " where track_id = ? and init_hash8 = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(track_id_, as_bytes(init_hash8)).step());
  if (!found) return not_found("no such init segment");
  const Bytes init(select->blob(0).begin(), select->blob(0).end());
  select->reset();
  return init;
}

}  // namespace sitecast::hub
