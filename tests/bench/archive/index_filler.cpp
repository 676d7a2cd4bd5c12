// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/archive/index_filler.h"

#include "hub/index/capture_row.h"
#include "hub/index/projection.h"
#include "hub/index/search_document.h"
#include "hub/index/writer.h"
#include "proto/base/file.h"
#include "proto/base/sha256.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/part_frame.h"

namespace sitecast::bench {
namespace {

// About what a part's record takes in a sidecar; readers of a complete capture do not look there.
constexpr std::uint64_t kRecordBytes = 160;
constexpr std::uint64_t kUsPerMs = 1000;

Bytes serialized(const google::protobuf::MessageLite& message) {
  const std::string text = message.SerializeAsString();
  return {text.begin(), text.end()};
}

Bytes part_counts_of(const v1::CaptureClosed& closed) {
  v1::CaptureClosed counts;
  for (const v1::TrackEnd& end : closed.tracks()) {
    counts.add_tracks()->set_track(end.track());
    counts.mutable_tracks()->rbegin()->set_part_count(end.part_count());
  }
  return serialized(counts);
}

hub::CaptureRow row_of(const MadeCapture& capture) {
  hub::CaptureRow row;
  row.id = capture.id;
  row.project = capture.project;
  row.device = capture.device;
  row.captured_at_us = capture.captured_at_us;
  row.kind = capture.kind;
  row.title = capture.title;
  row.area = capture.area;
  row.duration_ms = static_cast<std::int64_t>(capture.blocks * kBlockSeconds * kUsPerMs);
  row.tracks = "audio,video";
  row.complete = true;
  row.received_at_us = capture.events.front().received_at_us;
  for (const MadeEvent& made : capture.events) {
    const v1::Event& event = made.event;
    const hub::StatedAt stated{event.stated_at_us(), *EventId::from_bytes(event.event_id())};
    if (event.has_capture_opened()) row.opened = stated;
    if (event.capture_id().empty()) continue;  // a remark on the project
    if (event.has_note()) ++row.note_count;
    if (event.has_progress()) {
      row.progress = stated;
      row.stage = event.progress().stage();
      row.percentage = event.progress().percentage();
    }
    if (event.has_capture_closed()) {
      row.closed = stated;
      row.closing = part_counts_of(event.capture_closed());
    }
  }
  return row;
}

}  // namespace

Result<IndexFiller> IndexFiller::open(const std::filesystem::path& index,
                                      const hub::Layout& layout) {
  { SC_TRY_ASSIGN(const auto writer, hub::IndexWriter::open(index, layout, Log("bench"))); }
  // Out of WAL: what is written once needs no journal, and a WAL would be as large as the index.
  SC_TRY_ASSIGN(auto database, Database::open_shared_writer(index));
  SC_TRY(database.execute(
      "pragma foreign_keys = off; pragma locking_mode = exclusive; pragma journal_mode = off;"
      "pragma synchronous = off; pragma cache_size = -1500000; begin"));
  return IndexFiller(index, std::move(database));
}

Status IndexFiller::add(const MadeArchive::Project& project) {
  for (const MadeEvent& made : project.events) {
    const Bytes bytes = serialized(made.event);
    SC_TRY(hub::apply_event(*database_, project.id, {made.received_at_us, made.device, bytes}));
  }
  capture_counts_[project.id] = 0;
  return Ok{};
}

Status IndexFiller::add_event(ProjectId project, const MadeEvent& made) {
  const Bytes bytes = serialized(made.event);
  SC_TRY_ASSIGN(const bool is_new,
                hub::insert_event(*database_, project, {made.received_at_us, made.device, bytes},
                                  made.event));
  if (!is_new) return internal_error("two made events have one id");
  return hub::apply_search(*database_, project, made.event, database_->last_insert_rowid());
}

Status IndexFiller::add(const MadeArchive& archive, const MadeCapture& capture) {
  for (const MadeEvent& made : capture.events) SC_TRY(add_event(capture.project, made));
  SC_TRY(hub::save_capture(*database_, row_of(capture)));
  ++capture_counts_[capture.project];
  SC_TRY(add_track(capture, "audio", archive.audio(capture.look),
                   archive.init_segment(TrackKind::kAudio)));
  return add_track(capture, "video", archive.video(capture.look),
                   archive.init_segment(TrackKind::kVideo));
}

Status IndexFiller::add_track(const MadeCapture& capture, std::string_view name,
                              const MadeTrack& track, const Bytes& init_segment) {
  const std::uint64_t part_count = capture.blocks * track.parts_per_block();
  const std::uint32_t timescale =
      track.kind() == TrackKind::kVideo ? kVideoTimescale : kOpusTimescale;
  const std::int64_t track_id = ++track_count_;
  SC_TRY_ASSIGN(const std::string codec, codec_string(init_segment));
  SC_TRY_ASSIGN(Statement * insert,
                database_->cached(
                    "insert into track (track_id, capture_id, name, project_id, capture_complete,"
                    " part_count_stated, timescale, codec, codec_sequence, part_count, size_bytes,"
                    " first_media_time, end_media_time, end_sequence, indexed_bytes)"
                    " values (?, ?, ?, ?, 1, ?, ?, ?, 0, ?, ?, 0, ?, ?, ?)"));
  SC_TRY(insert
             ->bind(track_id, capture.id, name, capture.project, part_count, timescale, codec,
                    part_count, track.size_bytes(capture.blocks),
                    part_count * track.part_duration(), part_count, part_count * kRecordBytes)
             .run());
  SC_TRY_ASSIGN(
      Statement * save_row,
      database_->cached("insert into track_row (row_key, first_sequence, cells) values (?, ?, ?)"));
  for (std::uint64_t row = 0; row * kBlocksPerRow < capture.blocks; ++row) {
    SC_TRY(save_row
               ->bind(hub::row_key(track_id, row), track.first_sequence(row),
                      track.row(row, capture.blocks))
               .run());
  }
  SC_TRY_ASSIGN(
      Statement * save_init,
      database_->cached(
          "insert into init_segment (track_id, init_hash8, content_id) values (?, ?, ?)"));
  SC_TRY_ASSIGN(const std::int64_t content, content_of(init_segment, codec));
  return save_init->bind(track_id, as_bytes(init_hash8(init_segment)), content).run();
}

Result<std::int64_t> IndexFiller::content_of(const Bytes& init_segment, const std::string& codec) {
  const auto known = contents_.find(init_segment);
  if (known != contents_.end()) return known->second;
  const Hash hash = sha256(init_segment);
  SC_TRY_ASSIGN(
      Statement * insert,
      database_->cached("insert into init_content (sha256, codec, init_segment) values (?, ?, ?)"));
  SC_TRY(insert->bind(ByteView(hash), codec, init_segment).run());
  return contents_[init_segment] = database_->last_insert_rowid();
}

Status IndexFiller::finish() {
  SC_TRY_ASSIGN(Statement * save,
                database_->cached("update project set capture_count = ?2 where project_id = ?1"));
  for (const auto& [project, count] : capture_counts_) SC_TRY(save->bind(project, count).run());
  SC_TRY(database_->execute("commit"));
  database_.reset();
  // The way readers expect it: as its writer leaves it, and on disk.
  SC_TRY(Database::open_writer(index_));
  SC_TRY_ASSIGN(auto file, File::open_for_appending(index_));
  return file.sync_data();
}

}  // namespace sitecast::bench
