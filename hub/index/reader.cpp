// SPDX-License-Identifier: Apache-2.0
#include "hub/index/reader.h"

#include <algorithm>

#include "hub/archive/layout.h"
#include "hub/index/capture_row.h"
#include "hub/index/current.h"
#include "hub/index/search.h"
#include "hub/index/segments.h"
#include "hub/index/track_view.h"
#include "hub/index/version.h"
#include "proto/sqlite/database.h"
#include "sitecast.pb.h"

namespace sitecast::hub {
namespace {

constexpr std::uint32_t kMaxPage = 200;

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> all;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    all.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return all;
}

}  // namespace

CaptureInfo capture_info(const CaptureRow& row) {
  CaptureInfo info;
  info.id = row.id;
  info.project = row.project;
  info.device = row.device.value_or(DeviceId());
  info.capture_kind = row.kind;
  info.title = row.title;
  info.area = row.area;
  info.captured_at_us = row.captured_at_us;
  info.received_at_us = row.received_at_us;
  info.duration_ms = row.duration_ms;
  info.closed = row.closed.stated();
  info.complete = row.complete;
  info.demonstration = row.demonstration;
  info.continues = row.continues;
  info.tracks = split_names(row.tracks);
  info.stage = row.stage;
  info.percentage = row.percentage;
  info.note_count = static_cast<std::uint32_t>(row.note_count);
  info.warnings = split_names(row.warnings);
  info.photo_metadata = row.photo;
  return info;
}

namespace {

class SqliteIndexReader final : public IndexReader {
 public:
  explicit SqliteIndexReader(const std::filesystem::path& state_dir)
      : layout_(state_dir), current_(layout_) {}

  Result<std::vector<ProjectInfo>> projects() override {
    return in_view<std::vector<ProjectInfo>>([&]() -> Result<std::vector<ProjectInfo>> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(kProjectColumns +
                            std::string(" where statement is not null order by project_id")));
      std::vector<ProjectInfo> found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        found.push_back(project_from(*select));
      }
    });
  }

  Result<ProjectInfo> project(ProjectId id) override {
    return in_view<ProjectInfo>([&]() -> Result<ProjectInfo> {
      SC_TRY_ASSIGN(Statement * select,
                    database_->cached(kProjectColumns + std::string(" where project_id = ?")));
      SC_TRY_ASSIGN(const bool found, select->bind(id).step());
      if (!found) return not_found("no such project");
      ProjectInfo info = project_from(*select);
      select->reset();
      return info;
    });
  }

  Result<std::vector<std::pair<ProjectId, std::string>>> memberships(
      std::string_view user) override {
    using Memberships = std::vector<std::pair<ProjectId, std::string>>;
    return in_view<Memberships>([&]() -> Result<Memberships> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached("select project_id, role from member where user = ? and role <> ''"));
      select->bind(user);
      Memberships found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        found.emplace_back(*ProjectId::from_bytes(select->blob(0)), select->text(1));
      }
    });
  }

  Result<std::vector<std::pair<std::string, std::string>>> members(ProjectId project) override {
    using Members = std::vector<std::pair<std::string, std::string>>;
    return in_view<Members>([&]() -> Result<Members> {
      SC_TRY_ASSIGN(Statement * select,
                    database_->cached("select user, role from member where project_id = ?"
                                      " and role <> '' order by user"));
      select->bind(project);
      Members found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        found.emplace_back(select->text(0), select->text(1));
      }
    });
  }

  Result<std::vector<CaptureInfo>> timeline(const TimelineQuery& query) override {
    return in_view<std::vector<CaptureInfo>>([&] { return timeline_page(query); });
  }

  Result<std::vector<EventInfo>> remarks(const TimelineQuery& query) override {
    return in_view<std::vector<EventInfo>>([&] { return remarks_page(query); });
  }

  Result<CaptureInfo> capture(CaptureId id) override {
    return in_view<CaptureInfo>([&]() -> Result<CaptureInfo> {
      SC_TRY_ASSIGN(const CaptureRow row, capture_row(id));
      return capture_info(row);
    });
  }

  Result<ProjectId> project_of(CaptureId id) override {
    return in_view<ProjectId>([&]() -> Result<ProjectId> {
      SC_TRY_ASSIGN(Statement * select,
                    database_->cached("select project_id from track where capture_id = ? limit 1"));
      SC_TRY_ASSIGN(const bool found, select->bind(id).step());
      const auto project = found ? ProjectId::from_bytes(select->blob(0)) : std::nullopt;
      select->reset();
      if (project) return *project;
      SC_TRY_ASSIGN(const CaptureRow row, capture_row(id));
      return row.project;
    });
  }

  Result<std::vector<TrackInfo>> tracks(CaptureId id) override {
    return in_view<std::vector<TrackInfo>>([&]() -> Result<std::vector<TrackInfo>> {
      SC_TRY_ASSIGN(const auto names, track_names(id));
      std::vector<TrackInfo> found;
      for (const std::string& name : names) {
        SC_TRY_ASSIGN(const TrackView view, TrackView::open(*database_, layout_, id, name));
        found.push_back(view.info());
      }
      return found;
    });
  }

  Result<std::vector<EventInfo>> events(CaptureId id) override {
    return in_view<std::vector<EventInfo>>([&]() -> Result<std::vector<EventInfo>> {
      SC_TRY_ASSIGN(const CaptureRow row, capture_row(id));
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(
              "select event_id, kind, device_id, stated_at_us, received_at_us, media_time_us, event"
              " from event where capture_id = ? and project_id = ? order by stated_at_us, "
              "event_id"));
      select->bind(id, row.project);
      std::vector<EventInfo> found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        found.push_back(event_from(*select, id));
      }
    });
  }

  Result<std::vector<PlanBaselineInfo>> plan_baselines(ProjectId project) override {
    using Baselines = std::vector<PlanBaselineInfo>;
    return in_view<Baselines>([&]() -> Result<Baselines> {
      SC_TRY_ASSIGN(Statement * select,
                    database_->cached("select number, stated_at_us, stated_event, statement from "
                                      "plan_baseline where project_id = ? order by number desc"));
      select->bind(project);
      Baselines found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        const ByteView statement = select->blob(3);
        found.push_back({static_cast<std::uint32_t>(select->integer(0)), select->integer(1),
                         *EventId::from_bytes(select->blob(2)),
                         Bytes(statement.begin(), statement.end())});
      }
    });
  }

  Result<std::vector<EventInfo>> plan_parts(ProjectId project,
                                            const std::vector<EventId>& parts) override {
    return in_view<std::vector<EventInfo>>([&]() -> Result<std::vector<EventInfo>> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(
              "select event_id, kind, device_id, stated_at_us, received_at_us, media_time_us, event"
              " from event where event_id = ? and project_id = ? and kind = 'plan.part'"));
      std::vector<EventInfo> found;
      for (const EventId& part : parts) {
        SC_TRY_ASSIGN(const bool there, select->bind(part, project).step());
        if (!there) return unavailable("a part of the plan has not arrived yet");
        found.push_back(event_from(*select, std::nullopt));
      }
      select->reset();
      return found;
    });
  }

  Result<std::vector<PlanStatementInfo>> plan_statements(ProjectId project) override {
    using Statements = std::vector<PlanStatementInfo>;
    return in_view<Statements>([&]() -> Result<Statements> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached("select item_id, event_id, kind, stated_at_us, seen_at_us, filmed,"
                            " capture_id, percentage, event_row from plan_statement"
                            " where project_id = ? order by item_id, stated_at_us, event_id"));
      select->bind(project);
      Statements found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) return found;
        PlanStatementInfo& info = found.emplace_back();
        const ByteView item = select->blob(0);
        info.item_id.assign(item.begin(), item.end());
        info.id = *EventId::from_bytes(select->blob(1));
        info.kind = select->text(2);
        info.stated_at_us = select->integer(3);
        info.seen_at_us = select->integer(4);
        if (select->integer(5) != 0) info.capture = CaptureId::from_bytes(select->blob(6));
        if (!select->is_null(7)) info.percentage = select->real(7);
        info.event_row = select->integer(8);
      }
    });
  }

  Result<EventInfo> plan_event(const PlanStatementInfo& statement) override {
    return in_view<EventInfo>([&]() -> Result<EventInfo> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(
              "select event_id, kind, device_id, stated_at_us, received_at_us, media_time_us, event"
              " from event where event_row = ?1 and event_id = ?2"));
      SC_TRY_ASSIGN(const bool found, select->bind(statement.event_row, statement.id).step());
      if (!found) return unavailable("the index was switched meanwhile");
      EventInfo info = event_from(*select, statement.capture);
      select->reset();
      return info;
    });
  }

  Result<std::vector<RequestInfo>> requests(ProjectId project, bool closed_too,
                                            std::uint32_t limit) override {
    using Requests = std::vector<RequestInfo>;
    return in_view<Requests>([&]() -> Result<Requests> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(kRequestColumns + std::string(" where request.project_id = ?1"
                                                          " and closed <= ?2 order by closed,"
                                                          " request.stated_at_us desc,"
                                                          " request_id desc limit ?3")));
      select->bind(project, closed_too, limit);
      Requests found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) break;
        found.push_back(request_from(*select));
      }
      for (RequestInfo& request : found) SC_TRY(read_steps(project, request));
      return found;
    });
  }

  Result<RequestInfo> request(ProjectId project, EventId id) override {
    return in_view<RequestInfo>([&]() -> Result<RequestInfo> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached(kRequestColumns +
                            std::string(" where request_id = ? and request.project_id = ?")));
      SC_TRY_ASSIGN(const bool found, select->bind(id, project).step());
      if (!found) return not_found("no such request");
      RequestInfo request = request_from(*select);
      select->reset();
      SC_TRY(read_steps(project, request));
      return request;
    });
  }

  Result<std::vector<EventInfo>> directions(ProjectId project, std::int64_t from_us,
                                            std::uint32_t limit) override {
    using Events = std::vector<EventInfo>;
    return in_view<Events>([&]() -> Result<Events> {
      SC_TRY_ASSIGN(
          Statement * select,
          database_->cached("select event_id, kind, device_id, stated_at_us, received_at_us,"
                            " media_time_us, event, capture_id from event"
                            " indexed by direction_by_time where project_id = ?1"
                            " and kind in ('pin', 'message') and received_at_us >= ?2"
                            " order by received_at_us desc limit ?3"));
      select->bind(project, from_us, limit);
      Events found;
      for (;;) {
        SC_TRY_ASSIGN(const bool more, select->step());
        if (!more) break;
        found.push_back(event_from(
            *select, select->is_null(7) ? std::nullopt : CaptureId::from_bytes(select->blob(7))));
      }
      std::reverse(found.begin(), found.end());
      return found;
    });
  }

  Result<SearchPage> search(const SearchQuery& query) override {
    return in_view<SearchPage>([&] { return search_page(*database_, query); });
  }

  Result<std::vector<Segment>> segments(CaptureId id, std::string_view track, std::uint64_t from,
                                        std::uint64_t until) override {
    return in_view<std::vector<Segment>>([&]() -> Result<std::vector<Segment>> {
      SC_TRY_ASSIGN(TrackView view, TrackView::open(*database_, layout_, id, track));
      SC_TRY_ASSIGN(const auto cells, view.cells_between(from, until));
      auto found = assemble_segments(cells, view.info().part_count_total);
      found.erase(std::remove_if(found.begin(), found.end(),
                                 [&](const Segment& segment) {
                                   return segment.media_time >= until ||
                                          segment.media_time + segment.duration <= from;
                                 }),
                  found.end());
      return found;
    });
  }

  Result<Segment> segment(CaptureId id, std::string_view track,
                          std::uint64_t first_sequence) override {
    return in_view<Segment>([&]() -> Result<Segment> {
      SC_TRY_ASSIGN(TrackView view, TrackView::open(*database_, layout_, id, track));
      SC_TRY_ASSIGN(const auto cells, view.cells_around(first_sequence));
      for (Segment& segment : assemble_segments(cells, view.info().part_count_total)) {
        if (segment.first_sequence == first_sequence) return std::move(segment);
      }
      return not_found("no such segment");
    });
  }

  Result<Bytes> init_segment(CaptureId id, std::string_view track,
                             std::string_view init_hash8) override {
    return in_view<Bytes>([&]() -> Result<Bytes> {
      SC_TRY_ASSIGN(TrackView view, TrackView::open(*database_, layout_, id, track));
      return view.init_segment(init_hash8);
    });
  }

  Status begin_view() override {
    SC_TRY(ensure_open());
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_read(*database_));
    view_.emplace(std::move(transaction));
    return Ok{};
  }
  void end_view() override { view_.reset(); }

  // Opens what CURRENT names, unless it is open already.
  Status ensure_open() {
    SC_TRY_ASSIGN(const auto current, current_.get());
    if (database_ && current == open_path_) return Ok{};
    database_.reset();
    auto database = Database::open_reader(current);
    if (!database.ok()) {
      // Switched and removed between our two steps.
      if (database.error().kind() == ErrorKind::kNotFound) {
        return unavailable("the index is being switched");
      }
      return database.error();
    }
    SC_TRY_ASSIGN(const std::int64_t version, database->user_version());
    SC_TRY(check_index_version(version));
    database_.emplace(std::move(*database));
    open_path_ = current;
    return Ok{};
  }

 private:
  static constexpr const char* kProjectColumns =
      "select project_id, statement, capture_count, coalesce((select max(captured_at_us)"
      " from capture where capture.project_id = project.project_id), 0) from project";

  static constexpr const char* kRequestColumns =
      "select event.event_id, event.kind, event.device_id, event.stated_at_us,"
      " event.received_at_us, event.media_time_us, event.event, event.capture_id, closed,"
      " request.device_id from request join event on event.event_id = request_id";

  static RequestInfo request_from(const Statement& row) {
    RequestInfo info;
    info.event =
        event_from(row, row.is_null(7) ? std::nullopt : CaptureId::from_bytes(row.blob(7)));
    info.closed = row.integer(8) != 0;
    if (!row.is_null(9)) info.device = DeviceId::from_bytes(row.blob(9));
    return info;
  }

  Status read_steps(ProjectId project, RequestInfo& request) {
    SC_TRY_ASSIGN(Statement * select,
                  database_->cached(
                      "select event.event_id, event.kind, event.device_id, event.stated_at_us,"
                      " event.received_at_us, event.media_time_us, event.event, event.capture_id"
                      " from request_step join event on event.event_id = request_step.event_id"
                      " where request_step.project_id = ? and request_id = ?"
                      " order by request_step.stated_at_us, request_step.event_id"));
    select->bind(project, request.event.id);
    for (;;) {
      SC_TRY_ASSIGN(const bool more, select->step());
      if (!more) return Ok{};
      request.steps.push_back(event_from(
          *select, select->is_null(7) ? std::nullopt : CaptureId::from_bytes(select->blob(7))));
    }
  }

  // One consistent view for all of a call's reads.
  template <typename T, typename Read>
  Result<T> in_view(Read read) {
    if (view_) return read();
    SC_TRY(ensure_open());
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_read(*database_));
    return read();
  }

  static ProjectInfo project_from(const Statement& row) {
    ProjectInfo info;
    info.id = *ProjectId::from_bytes(row.blob(0));
    v1::ProjectStated stated;
    const ByteView statement = row.blob(1);
    if (stated.ParseFromArray(statement.data(), static_cast<int>(statement.size()))) {
      info.name = stated.name();
      info.name_en = stated.name_en();
      info.place = stated.place();
      info.time_zone = stated.time_zone();
      info.areas.assign(stated.areas().begin(), stated.areas().end());
      info.stages.assign(stated.stages().begin(), stated.stages().end());
    }
    info.capture_count = row.unsigned_integer(2);
    info.last_captured_at_us = row.integer(3);
    return info;
  }

  static EventInfo event_from(const Statement& row, std::optional<CaptureId> capture) {
    EventInfo info;
    info.id = *EventId::from_bytes(row.blob(0));
    info.kind = row.text(1);
    info.device = *DeviceId::from_bytes(row.blob(2));
    info.stated_at_us = row.integer(3);
    info.received_at_us = row.integer(4);
    info.capture = capture;
    if (!row.is_null(5)) info.media_time_us = row.integer(5);
    info.event_bytes.assign(row.blob(6).begin(), row.blob(6).end());
    return info;
  }

  Result<CaptureRow> capture_row(CaptureId id) {
    SC_TRY_ASSIGN(auto row, load_capture(*database_, id));
    if (!row) return not_found("no such capture");
    return std::move(*row);
  }

  // Of a capture that is there.
  Result<std::vector<std::string>> track_names(CaptureId id) {
    SC_TRY_ASSIGN(Statement * select,
                  database_->cached("select name from track where capture_id = ? order by name"));
    select->bind(id);
    std::vector<std::string> names;
    for (;;) {
      SC_TRY_ASSIGN(const bool more, select->step());
      if (!more) break;
      names.push_back(select->text(0));
    }
    if (names.empty()) SC_TRY(capture_row(id));
    return names;
  }

  Result<std::vector<CaptureInfo>> timeline_page(const TimelineQuery& query) {
    std::string sql = "select " + kCaptureColumns + " from capture where project_id = ?1";
    if (!query.area.empty()) sql += " and area = ?2";
    if (!query.capture_kind.empty()) sql += " and kind = ?3";
    if (query.before_us) sql += " and (captured_at_us, capture_id) < (?4, ?5)";
    if (query.from_us) sql += " and captured_at_us >= ?6";
    sql += " order by captured_at_us desc, capture_id desc limit ?7";
    SC_TRY_ASSIGN(Statement * select, database_->cached(sql));
    select->bind(query.project, query.area, query.capture_kind, query.before_us.value_or(0),
                 query.before_capture.value_or(CaptureId()), query.from_us.value_or(0),
                 std::clamp<std::uint32_t>(query.limit, 1, kMaxPage));
    std::vector<CaptureInfo> found;
    for (;;) {
      SC_TRY_ASSIGN(const bool more, select->step());
      if (!more) return found;
      found.push_back(capture_info(capture_from(*select)));
    }
  }

  Result<std::vector<EventInfo>> remarks_page(const TimelineQuery& query) {
    // "indexed by": an error rather than a page whose cost grows with the archive.
    std::string sql =
        "select event_id, kind, device_id, stated_at_us, received_at_us, media_time_us, event"
        " from event indexed by ";
    sql += query.area.empty() ? "remark_by_time" : "remark_by_area";
    sql +=
        " where project_id = ?1 and capture_id is null and kind in ('note', 'progress',"
        " 'message')";
    if (!query.area.empty()) sql += " and area = ?2";
    if (query.before_us) sql += " and (stated_at_us, event_id) < (?3, ?4)";
    if (query.from_us) sql += " and stated_at_us >= ?5";
    sql += " order by stated_at_us desc, event_id desc limit ?6";
    SC_TRY_ASSIGN(Statement * select, database_->cached(sql));
    select->bind(query.project, query.area, query.before_us.value_or(0),
                 query.before_capture.value_or(CaptureId()), query.from_us.value_or(0),
                 std::clamp<std::uint32_t>(query.limit, 1, kMaxPage));
    std::vector<EventInfo> found;
    for (;;) {
      SC_TRY_ASSIGN(const bool more, select->step());
      if (!more) return found;
      found.push_back(event_from(*select, std::nullopt));
    }
  }

  Layout layout_;
  CurrentIndex current_;
  std::optional<Database> database_;
  std::optional<Transaction> view_;  // goes before the database
  std::filesystem::path open_path_;
};

}  // namespace

Result<std::unique_ptr<IndexReader>> IndexReader::open(const std::filesystem::path& state_dir) {
  auto reader = std::make_unique<SqliteIndexReader>(state_dir);
  SC_TRY(reader->ensure_open());
  return std::unique_ptr<IndexReader>(std::move(reader));
}

}  // namespace sitecast::hub
