// SPDX-License-Identifier: Apache-2.0
#include "hub/index/projection.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "hub/index/cells.h"
#include "hub/index/search_document.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

std::optional<v1::Event> parse_event(ByteView bytes) {
  v1::Event event;
  if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  if (event.event_id().size() != kIdBytes) return std::nullopt;
  return event;
}

Bytes serialized(const google::protobuf::MessageLite& message) {
  const std::string text = message.SerializeAsString();
  return {text.begin(), text.end()};
}

// RFC 9562 section 5.7: the first 48 bits are unix milliseconds.
std::int64_t time_in_id_us(CaptureId id) {
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8 | id.bytes()[i];
  return ms * 1000;
}

// A comma-separated set in order; names are short and free of commas.
void add_name(std::string& names, std::string_view name) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    all.push_back(names.substr(at, end - at));
    at = end + 1;
  }
  if (std::find(all.begin(), all.end(), name) != all.end()) return;
  all.emplace_back(name);
  std::sort(all.begin(), all.end());
  names.clear();
  for (const std::string& one : all) names += (names.empty() ? "" : ",") + one;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// Last writer wins.
bool wins(const StatedAt& stated, const StatedAt& before) {
  return !before.stated() || stated > before;
}

// Hashes and signatures stay in the log.
Bytes part_counts_of(const v1::CaptureClosed& closed) {
  v1::CaptureClosed counts;
  for (const v1::TrackEnd& end : closed.tracks()) {
    v1::TrackEnd* track = counts.add_tracks();
    track->set_track(end.track());
    track->set_part_count(end.part_count());
  }
  return serialized(counts);
}

void apply_opened(CaptureRow& row, const v1::Event& event, DeviceId device, StatedAt stated) {
  if (!wins(stated, row.opened)) return;
  const v1::CaptureOpened& opened = event.capture_opened();
  row.opened = stated;
  row.device = device;
  row.kind = opened.capture_kind();
  row.title = opened.title();
  row.area = event.area();
  row.captured_at_us =
      opened.captured_at_us() != 0 ? opened.captured_at_us() : time_in_id_us(row.id);
  row.continues = CaptureId::from_bytes(opened.continues());
  row.demonstration = opened.demonstration();
  row.photo = opened.has_photo() ? serialized(opened.photo()) : Bytes();
}

void apply_progress(CaptureRow& row, const v1::Progress& progress, StatedAt stated) {
  if (!wins(stated, row.progress)) return;
  row.progress = stated;
  row.stage = progress.stage();
  row.percentage = progress.has_percentage() ? std::optional(progress.percentage()) : std::nullopt;
}

// An event about its capture, counted once per event id by the caller.
void apply_to_capture(CaptureRow& row, const v1::Event& event, DeviceId device,
                      std::int64_t received_at_us) {
  const StatedAt stated{event.stated_at_us(), *EventId::from_bytes(event.event_id())};
  row.received_at_us = std::min(row.received_at_us, received_at_us);
  if (event.has_capture_opened()) apply_opened(row, event, device, stated);
  if (event.has_capture_closed() && wins(stated, row.closed)) {
    row.closed = stated;
    row.closing = part_counts_of(event.capture_closed());
  }
  if (event.has_progress()) apply_progress(row, event.progress(), stated);
  if (event.has_note()) ++row.note_count;
  if (event.has_quality() && event.quality().active() && is_word(event.quality().warning())) {
    add_name(row.warnings, event.quality().warning());
  }
}

Status apply_project(Database& database, ProjectId project, const v1::Event& event) {
  SC_TRY_ASSIGN(
      Statement * save,
      database.cached(
          "insert into project (project_id, stated_at_us, stated_event, statement) values (?, ?, "
          "?, ?)"
          " on conflict do update set stated_at_us = excluded.stated_at_us,"
          " stated_event = excluded.stated_event, statement = excluded.statement"
          " where stated_event is null or"
          " (excluded.stated_at_us, excluded.stated_event) > (stated_at_us, stated_event)"));
  return save
      ->bind(project, event.stated_at_us(), as_bytes(event.event_id()), serialized(event.project()))
      .run();
}

// The log decides, not the clock: with a clock that was set back somebody who was removed would
// otherwise stay. A log's events come here in its order, each once, also when an index is built
// anew.
Status apply_member(Database& database, ProjectId project, const v1::Event& event) {
  const bool removed = event.kind() == "member.removed";
  SC_TRY_ASSIGN(Statement * save,
                database.cached(
                    "insert into member (user, project_id, role, stated_at_us, stated_event)"
                    " values (?, ?, ?, ?, ?) on conflict do update set role = excluded.role,"
                    " stated_at_us = excluded.stated_at_us, stated_event = excluded.stated_event"));
  return save
      ->bind(event.member().user(), project, removed ? "" : event.member().role(),
             event.stated_at_us(), as_bytes(event.event_id()))
      .run();
}

// A number that is taken stays with the earliest statement, in whatever order they come.
Status apply_baseline(Database& database, ProjectId project, const v1::Event& event) {
  SC_TRY_ASSIGN(
      Statement * save,
      database.cached(
          "insert into plan_baseline (project_id, number, stated_at_us, stated_event, statement)"
          " values (?, ?, ?, ?, ?) on conflict do update set stated_at_us = excluded.stated_at_us,"
          " stated_event = excluded.stated_event, statement = excluded.statement"
          " where (excluded.stated_at_us, excluded.stated_event) < (stated_at_us, stated_event)"));
  return save
      ->bind(project, event.plan_baselined().number(), event.stated_at_us(),
             as_bytes(event.event_id()), serialized(event.plan_baselined()))
      .run();
}

// The day of what was filmed is its capture's, if that is here already; else save_capture tells.
Status apply_plan_statement(Database& database, ProjectId project, std::string_view item,
                            const v1::Event& event, std::int64_t event_row) {
  SC_TRY_ASSIGN(
      Statement * insert,
      database.cached("insert into plan_statement (project_id, item_id, stated_at_us, event_id,"
                      " event_row, kind, percentage, capture_id, filmed, seen_at_us)"
                      " select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, captured_at_us is not null,"
                      " coalesce(captured_at_us, ?3) from (select (select captured_at_us from"
                      " capture where capture_id = ?8 and project_id = ?1) as captured_at_us)"
                      " where true on conflict do nothing"));
  std::optional<double> percentage;
  if (event.progress().has_percentage()) percentage = event.progress().percentage();
  return insert
      ->bind(project, as_bytes(item), event.stated_at_us(), as_bytes(event.event_id()), event_row,
             event.kind(), percentage, CaptureId::from_bytes(event.capture_id()))
      .run();
}

Status apply_plan(Database& database, ProjectId project, const v1::Event& event,
                  std::int64_t event_row) {
  if (event.has_plan_baselined()) return apply_baseline(database, project, event);
  const std::string_view item = event.has_progress()    ? event.progress().plan_item()
                                : event.has_milestone() ? event.milestone().plan_item()
                                                        : std::string_view();
  if (item.size() != kIdBytes) return Ok{};
  return apply_plan_statement(database, project, item, event, event_row);
}

// A request is closed once anybody has said so, in whatever order the two come.
Status apply_request(Database& database, ProjectId project, const v1::Event& event) {
  SC_TRY_ASSIGN(Statement * insert,
                database.cached(
                    "insert into request (project_id, closed, stated_at_us, request_id, device_id)"
                    " values (?1, (select exists (select 1 from request_step where project_id = ?1"
                    " and request_id = ?3 and kind = 'request.closed')), ?2, ?3, ?4)"
                    " on conflict do nothing"));
  return insert
      ->bind(project, event.stated_at_us(), as_bytes(event.event_id()),
             DeviceId::from_bytes(event.request().device_id()))
      .run();
}

Status apply_request_step(Database& database, ProjectId project, const v1::Event& event) {
  const std::string& request = event.request_step().request_id();
  if (request.size() != kIdBytes) return Ok{};
  SC_TRY_ASSIGN(
      Statement * insert,
      database.cached("insert into request_step (project_id, request_id, stated_at_us, event_id,"
                      " kind) values (?, ?, ?, ?, ?) on conflict do nothing"));
  SC_TRY(insert
             ->bind(project, as_bytes(request), event.stated_at_us(), as_bytes(event.event_id()),
                    event.kind())
             .run());
  if (event.kind() != "request.closed") return Ok{};
  SC_TRY_ASSIGN(
      Statement * close,
      database.cached("update request set closed = 1 where request_id = ? and project_id = ?"));
  return close->bind(as_bytes(request), project).run();
}

Status apply_earlier_events(Database& database, CaptureRow& row) {
  SC_TRY_ASSIGN(Statement * select,
                database.cached("select event, device_id, received_at_us from event where "
                                "capture_id = ? and project_id = ?"));
  select->bind(row.id, row.project);
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return Ok{};
    const auto event = parse_event(select->blob(0));
    const auto device = DeviceId::from_bytes(select->blob(1));
    if (event && device) apply_to_capture(row, *event, *device, select->integer(2));
  }
}

Status count_capture(Database& database, ProjectId project) {
  SC_TRY_ASSIGN(Statement * count,
                database.cached("insert into project (project_id, capture_count) values (?, 1)"
                                " on conflict do update set capture_count = capture_count + 1"));
  return count->bind(project).run();
}

struct TrackParts {
  std::string name;
  std::int64_t track_id = 0;
  std::uint64_t part_count = 0;    // distinct sequences
  std::uint64_t end_sequence = 0;  // none of them is beyond
  // As its row has them now.
  bool capture_complete = false;
  std::optional<std::uint64_t> part_count_stated;
};

// Of parts [0, count), how many are here.
Result<std::uint64_t> parts_below(Database& database, std::int64_t track_id, std::uint64_t count) {
  SC_TRY_ASSIGN(Statement * select,
                database.cached("select cells from track_row where row_key >= ? and row_key < ?"));
  select->bind(row_key(track_id, 0), row_key(track_id + 1, 0));
  std::uint64_t found = 0;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return found;
    SC_TRY_ASSIGN(const auto row, CellRow::decode(select->blob(0)));
    for (const Cell& cell : row.cells()) {
      found += std::min(cell.end_sequence(), count) - std::min(cell.first_sequence, count);
    }
  }
}

// How many parts of each track are to come at most: what the device states at the end, less the
// ends that it then says it gave up (event `gap` with parts).
Result<std::map<std::string, std::uint64_t>> expected_parts(Database& database, CaptureId capture,
                                                            const v1::CaptureClosed& closing) {
  std::vector<v1::Gap> gaps;
  SC_TRY_ASSIGN(Statement * select,
                database.cached("select event from event where capture_id = ? and kind = 'gap'"));
  select->bind(capture);
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) break;
    const auto event = parse_event(select->blob(0));
    if (event && event->has_gap() && event->gap().part_count() > 0) gaps.push_back(event->gap());
  }
  // A track may have been cut more than once: from its end on, in whatever order that was said.
  std::sort(gaps.begin(), gaps.end(), [](const v1::Gap& one, const v1::Gap& other) {
    return one.first_part() > other.first_part();
  });
  std::map<std::string, std::uint64_t> ends;
  for (const v1::TrackEnd& end : closing.tracks()) ends[end.track()] = end.part_count();
  for (const v1::Gap& gap : gaps) {
    const auto end = ends.find(gap.track());
    // What lies in the middle may still come.
    if (end == ends.end() || gap.first_part() >= end->second ||
        gap.part_count() < end->second - gap.first_part()) {
      continue;
    }
    end->second = gap.first_part();
  }
  return ends;
}

// Whether all parts that the device states are here. Beyond the stated end there may be more, with
// holes: they came live from a device that lost them with its power.
Result<bool> has_all_parts(Database& database, CaptureId capture, const v1::CaptureClosed& closing,
                           const std::vector<TrackParts>& tracks) {
  SC_TRY_ASSIGN(const auto expected, expected_parts(database, capture, closing));
  for (const v1::TrackEnd& end : closing.tracks()) {
    const std::uint64_t count = expected.at(end.track());
    if (count == 0) continue;
    const auto track = std::find_if(tracks.begin(), tracks.end(),
                                    [&](const TrackParts& one) { return one.name == end.track(); });
    if (track == tracks.end() || track->part_count < count) return false;
    if (track->part_count == track->end_sequence) continue;  // no holes at all
    SC_TRY_ASSIGN(const std::uint64_t here, parts_below(database, track->track_id, count));
    if (here < count) return false;
  }
  return true;
}

// Brings what a track's row says about its capture up to date.
Status tell_track(Database& database, CaptureId capture, const TrackParts& track,
                  const v1::CaptureClosed& closing, bool complete) {
  std::optional<std::uint64_t> stated;
  for (const v1::TrackEnd& end : closing.tracks()) {
    if (end.track() == track.name) stated = end.part_count();
  }
  if (track.capture_complete == complete && track.part_count_stated == stated) return Ok{};
  SC_TRY_ASSIGN(Statement * update,
                database.cached("update track set capture_complete = ?3, part_count_stated = ?4"
                                " where capture_id = ?1 and name = ?2"));
  return update->bind(capture, track.name, complete, stated).run();
}

}  // namespace

Result<std::optional<CaptureRow>> ensure_capture(Database& database, ProjectId project,
                                                 CaptureId capture, std::int64_t received_at_us) {
  SC_TRY_ASSIGN(auto row, load_capture(database, capture));
  if (row) return row->project == project ? row : std::nullopt;
  row.emplace();
  row->id = capture;
  row->project = project;
  row->captured_at_us = time_in_id_us(capture);
  row->received_at_us = received_at_us;
  SC_TRY(apply_earlier_events(database, *row));
  SC_TRY(save_capture(database, *row));
  SC_TRY(count_capture(database, project));
  return load_capture(database, capture);  // with its place
}

namespace {

Status apply_about_capture(Database& database, ProjectId project, CaptureId capture,
                           const EventRecord& record, const v1::Event& event, bool is_new) {
  SC_TRY_ASSIGN(auto row, load_capture(database, capture));
  if (!row) {
    if (!event.has_capture_opened()) return Ok{};
    // Applies this event with all that came before it.
    SC_TRY_ASSIGN(row, ensure_capture(database, project, capture, record.received_at_us));
  } else if (row->project != project) {
    return Ok{};
  } else if (is_new) {
    apply_to_capture(*row, event, record.device, record.received_at_us);
    SC_TRY(save_capture(database, *row));
  } else if (record.received_at_us < row->received_at_us) {
    row->received_at_us = record.received_at_us;
    SC_TRY(save_capture(database, *row));
  }
  if (event.has_capture_closed() || event.has_capture_opened() || event.has_gap()) {
    SC_TRY_ASSIGN(row, refresh_capture(database, capture));
  }
  return Ok{};
}

}  // namespace

Result<bool> insert_event(Database& database, ProjectId project, const EventRecord& record,
                          const v1::Event& event) {
  SC_TRY_ASSIGN(
      Statement * insert,
      database.cached(
          "insert into event (event_id, project_id, device_id, kind, stated_at_us, received_at_us,"
          " capture_id, media_time_us, area, event) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
          " on conflict (event_id) do nothing"));
  std::optional<std::int64_t> media_time;
  if (event.has_media_time()) media_time = event.media_time_us();
  SC_TRY(insert
             ->bind(as_bytes(event.event_id()), project, record.device, event.kind(),
                    event.stated_at_us(), record.received_at_us,
                    CaptureId::from_bytes(event.capture_id()), media_time, event.area(),
                    record.event_bytes)
             .run());
  if (database.changes() > 0) return true;
  // In the log twice: the earlier arrival counts.
  SC_TRY_ASSIGN(
      Statement * earlier,
      database.cached(
          "update event set received_at_us = ?2 where event_id = ?1 and received_at_us > ?2"));
  SC_TRY(earlier->bind(as_bytes(event.event_id()), record.received_at_us).run());
  return false;
}

Result<AppliedEvent> apply_event(Database& database, ProjectId project, const EventRecord& record) {
  AppliedEvent applied;
  auto event = parse_event(record.event_bytes);
  if (!event) return applied;
  SC_TRY_ASSIGN(applied.is_new, insert_event(database, project, record, *event));
  if (applied.is_new) {
    const std::int64_t event_row = database.last_insert_rowid();
    SC_TRY(apply_search(database, project, *event, event_row));
    if (event->has_project()) SC_TRY(apply_project(database, project, *event));
    if (event->has_member()) SC_TRY(apply_member(database, project, *event));
    SC_TRY(apply_plan(database, project, *event, event_row));
    if (event->has_request()) SC_TRY(apply_request(database, project, *event));
    if (event->has_request_step()) SC_TRY(apply_request_step(database, project, *event));
  }
  if (const auto capture = CaptureId::from_bytes(event->capture_id())) {
    SC_TRY(apply_about_capture(database, project, *capture, record, *event, applied.is_new));
  }
  applied.event = std::move(*event);
  return applied;
}

Result<std::optional<CaptureRow>> refresh_capture(Database& database, CaptureId capture) {
  SC_TRY_ASSIGN(auto row, load_capture(database, capture));
  if (!row) return row;
  SC_TRY_ASSIGN(
      Statement * select,
      database.cached(
          "select name, timescale, part_count, end_sequence, first_media_time, end_media_time,"
          " track_id, capture_complete, part_count_stated"
          " from track where capture_id = ? order by name"));
  select->bind(capture);
  std::vector<TrackParts> tracks;
  row->tracks.clear();
  row->duration_ms = 0;
  for (;;) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) break;
    tracks.push_back(
        {select->text(0), select->integer(6), select->unsigned_integer(2),
         select->unsigned_integer(3), select->integer(7) != 0,
         select->is_null(8) ? std::nullopt : std::optional(select->unsigned_integer(8))});
    row->tracks += (row->tracks.empty() ? "" : ",") + select->text(0);
    if (const std::int64_t timescale = select->integer(1); timescale > 0) {
      const std::int64_t units = std::max<std::int64_t>(select->integer(5) - select->integer(4), 0);
      row->duration_ms =
          std::max(row->duration_ms, static_cast<std::int64_t>(static_cast<double>(units) * 1000.0 /
                                                               static_cast<double>(timescale)));
    }
  }
  v1::CaptureClosed closing;
  row->complete = false;
  if (row->closed.stated() &&
      closing.ParseFromArray(row->closing.data(), static_cast<int>(row->closing.size()))) {
    SC_TRY_ASSIGN(row->complete, has_all_parts(database, capture, closing, tracks));
  }
  SC_TRY(save_capture(database, *row));
  for (const TrackParts& track : tracks) {
    SC_TRY(tell_track(database, capture, track, closing, row->complete));
  }
  return row;
}

}  // namespace sitecast::hub
