// SPDX-License-Identifier: Apache-2.0
#include "hub/index/track_index.h"

#include <algorithm>

#include "proto/base/file.h"
#include "proto/base/sha256.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::hub {

Result<TrackIndex> TrackIndex::load(Database& database, TrackKey key, TrackKind kind) {
  TrackIndex track(std::move(key), kind);
  SC_TRY_ASSIGN(
      Statement * select,
      database.cached(
          "select track_id, timescale, codec, codec_sequence, part_count, part_count_total, "
          "size_bytes,"
          " first_media_time, end_media_time, end_sequence, file_name, media_type, file_size_bytes,"
          " indexed_bytes from track where capture_id = ? and name = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(track.key_.capture, track.key_.track).step());
  if (!found) return track;
  track.track_id_ = select->integer(0);
  track.timescale_ = static_cast<std::uint32_t>(select->integer(1));
  track.codec_ = select->text(2);
  if (!select->is_null(3)) track.codec_sequence_ = select->unsigned_integer(3);
  track.part_count_ = select->unsigned_integer(4);
  if (!select->is_null(5)) track.part_count_total_ = select->unsigned_integer(5);
  track.size_bytes_ = select->unsigned_integer(6);
  track.first_media_time_ = select->unsigned_integer(7);
  track.end_media_time_ = select->unsigned_integer(8);
  track.end_sequence_ = select->unsigned_integer(9);
  track.file_name_ = select->text(10);
  track.media_type_ = select->text(11);
  track.file_size_bytes_ = select->unsigned_integer(12);
  track.read_bytes_ = select->unsigned_integer(13);
  select->reset();

  SC_TRY_ASSIGN(Statement * first,
                database.cached("select cells from track_row where row_key >= ? and row_key < ?"
                                " order by row_key limit 1"));
  SC_TRY_ASSIGN(const bool has_row,
                first->bind(row_key(track.track_id_, 0), row_key(track.track_id_ + 1, 0)).step());
  if (has_row) {
    SC_TRY_ASSIGN(const CellRow row, CellRow::decode(first->blob(0)));
    first->reset();
    track.segment_count_ = static_cast<std::uint64_t>(
        std::count_if(row.cells().begin(), row.cells().end(),
                      [](const Cell& cell) { return cell.starts_segment; }));
  }
  track.first_segment_known_ = track.segment_count_ >= 2;
  track.whole_known_ = track.whole();
  return track;
}

bool TrackIndex::take_first_segment_closed() {
  if (first_segment_known_ || segment_count_ < 2) return false;
  return first_segment_known_ = true;
}

bool TrackIndex::take_became_whole() {
  if (whole_known_ || !whole()) return false;
  return whole_known_ = true;
}

Result<TrackIndex::Progress> TrackIndex::read(Database& database, const Layout& layout,
                                              std::uint64_t durable_bytes, std::int64_t now_us) {
  if (durable_bytes <= read_bytes_) return Progress::kDone;
  if (pending_ >= kMaxPending) return Progress::kFull;
  auto file = File::open_for_reading(layout.sidecar(key_.project, key_.capture, key_.track));
  if (!file.ok()) return Progress::kDamaged;
  if (device_.is_nil()) {
    auto device = read_sidecar_header(*file);
    if (!device.ok()) return Progress::kDamaged;
    device_ = *device;
  }
  if (pending_ == 0) first_pending_us_ = now_us;
  touched_at_us_ = now_us;
  Status merged = Ok{};
  const auto end = read_sidecar(
      *file, read_bytes_,
      [&](const SidecarRecord& record, std::uint64_t) {
        merged = merge(database, record);
        if (merged.ok()) ++pending_;
        return merged.ok() && pending_ < kMaxPending;
      },
      durable_bytes);
  if (!merged.ok()) return merged.error();
  if (!end.ok()) return Progress::kDamaged;
  read_bytes_ = std::max(read_bytes_, *end);
  if (read_bytes_ >= durable_bytes) return Progress::kDone;
  return pending_ >= kMaxPending ? Progress::kFull : Progress::kDamaged;
}

Status TrackIndex::merge(Database& database, const SidecarRecord& record) {
  auto part = index_part(kind_, record);
  if (!part.ok()) return Ok{};  // never archived; `check` reports it
  const PartRef& ref = part->ref;
  SC_TRY_ASSIGN(Row * row, row_of(database, row_number(kind_, ref.media_time)));
  if (!row->cells.add(ref)) return Ok{};
  row->dirty = true;
  if (first_received_at_us_ == 0 || record.received_at_us < first_received_at_us_) {
    first_received_at_us_ = record.received_at_us;
  }
  note_extent(ref);
  note_init(ref, part->envelope);
  if (part->envelope.has_file()) {
    file_name_ = part->envelope.file().name();
    media_type_ = part->envelope.file().media_type();
    file_size_bytes_ = part->envelope.file().size_bytes();
  }
  return Ok{};
}

void TrackIndex::note_extent(const PartRef& part) {
  const std::uint64_t end =
      part.media_time + (is_file_track(kind_) ? part.size_bytes : std::uint64_t{part.duration});
  first_media_time_ =
      part_count_ == 0 ? part.media_time : std::min(first_media_time_, part.media_time);
  end_media_time_ = std::max(end_media_time_, end);
  end_sequence_ = std::max(end_sequence_, part.sequence + 1);
  ++part_count_;
  size_bytes_ += part.size_bytes;
  if (part.starts_segment) ++segment_count_;
  if (part.last) part_count_total_ = part.sequence + 1;
}

void TrackIndex::note_init(const PartRef& part, const v1::PartEnvelope& envelope) {
  if (envelope.init_segment().empty()) return;
  const bool earliest = !codec_sequence_ || part.sequence < *codec_sequence_;
  const bool known = new_inits_.count(part.init_hash8) > 0;
  if (known && !earliest) return;
  const ByteView init = as_bytes(envelope.init_segment());
  const auto codec = codec_string(init);
  const auto info = read_init(init);
  if (!codec.ok() || !info.ok()) return;  // never archived; `check` reports it
  if (!known) new_inits_[part.init_hash8] = {*codec, envelope.init_segment()};
  if (earliest) {
    codec_sequence_ = part.sequence;
    codec_ = *codec;
    timescale_ = info->timescale;
  }
}

Result<TrackIndex::Row*> TrackIndex::row_of(Database& database, std::uint64_t number) {
  const auto found = rows_.find(number);
  if (found != rows_.end()) return &found->second;
  Row row;
  if (track_id_ != 0) {
    SC_TRY_ASSIGN(Statement * select,
                  database.cached("select cells from track_row where row_key = ?"));
    SC_TRY_ASSIGN(const bool exists, select->bind(row_key(track_id_, number)).step());
    if (exists) {
      SC_TRY_ASSIGN(row.cells, CellRow::decode(select->blob(0)));
      select->reset();
    }
  }
  return &rows_.emplace(number, std::move(row)).first->second;
}

bool TrackIndex::due(std::int64_t now_us) const {
  if (pending_ == 0) return false;
  if (track_id_ == 0 || pending_ >= kMaxPending || whole()) return true;
  if (expected_parts_ && part_count_ >= *expected_parts_) return true;
  if (now_us - first_pending_us_ >= kQuietDelayUs) return true;
  if (rows_.empty()) return false;
  const bool closed_row_waits = std::any_of(rows_.begin(), std::prev(rows_.end()),
                                            [](const auto& row) { return row.second.dirty; });
  return closed_row_waits && now_us - stored_at_us_ >= kRewriteDelayUs;
}

Status TrackIndex::store(Database& database, std::int64_t now_us) {
  SC_TRY(store_track(database));
  SC_TRY_ASSIGN(Statement * save_row,
                database.cached("insert or replace into track_row (row_key, first_sequence, cells)"
                                " values (?, ?, ?)"));
  for (auto& [number, row] : rows_) {
    if (!row.dirty) continue;
    SC_TRY(save_row
               ->bind(row_key(track_id_, number), row.cells.cells().front().first_sequence,
                      row.cells.encode())
               .run());
    row.dirty = false;
  }
  for (const auto& [hash, init] : new_inits_) SC_TRY(store_init(database, hash, init));
  // The init in use comes with every key frame, so its hash stays known.
  while (new_inits_.size() > 1) new_inits_.erase(new_inits_.begin());
  while (rows_.size() > 1) rows_.erase(rows_.begin());
  pending_ = 0;
  stored_at_us_ = now_us;
  return Ok{};
}

Status TrackIndex::store_init(Database& database, const std::string& hash, const NewInit& init) {
  const Hash content = sha256(as_bytes(init.init_segment));
  SC_TRY_ASSIGN(Statement * save_content,
                database.cached("insert or ignore into init_content (sha256, codec, init_segment)"
                                " values (?, ?, ?)"));
  SC_TRY(save_content->bind(ByteView(content), init.codec, as_bytes(init.init_segment)).run());
  SC_TRY_ASSIGN(
      Statement * save_name,
      database.cached("insert or ignore into init_segment (track_id, init_hash8, content_id)"
                      " values (?, ?, (select content_id from init_content where sha256 = ?))"));
  return save_name->bind(track_id_, as_bytes(hash), ByteView(content)).run();
}

Status TrackIndex::add_track(Database& database) {
  SC_TRY_ASSIGN(Statement * number,
                database.cached("select coalesce(max(track_id), 0) + 1 from track"));
  SC_TRY_ASSIGN(const bool found, number->step());
  if (!found) return internal_error("no number for a new track");
  const std::int64_t track_id = number->integer(0);
  number->reset();
  SC_TRY_ASSIGN(Statement * insert,
                database.cached("insert into track (track_id, capture_id, name, project_id)"
                                " values (?, ?, ?, ?)"));
  SC_TRY(insert->bind(track_id, key_.capture, key_.track, key_.project).run());
  track_id_ = track_id;
  return Ok{};
}

Status TrackIndex::store_track(Database& database) {
  if (track_id_ == 0) SC_TRY(add_track(database));
  SC_TRY_ASSIGN(
      Statement * update,
      database.cached(
          "update track set timescale = ?3, codec = ?4, codec_sequence = ?5, part_count = ?6,"
          " part_count_total = ?7, size_bytes = ?8, first_media_time = ?9, end_media_time = ?10,"
          " end_sequence = ?11, file_name = ?12, media_type = ?13, file_size_bytes = ?14,"
          " indexed_bytes = ?15 where capture_id = ?1 and name = ?2"));
  return update
      ->bind(key_.capture, key_.track, timescale_, codec_, codec_sequence_, part_count_,
             part_count_total_, size_bytes_, first_media_time_, end_media_time_, end_sequence_,
             file_name_, media_type_, file_size_bytes_, read_bytes_)
      .run();
}

}  // namespace sitecast::hub
