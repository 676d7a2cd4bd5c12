// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/index.h"

#include <fmt/format.h>

#include <map>

#include "agent_spool_schema.h"
#include "proto/sqlite/database.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kSchemaVersion = 2;

// What made version 2 of version 1.
constexpr const char* kFromVersion1 =
    "alter table capture add column claimed integer not null default 0;"
    "alter table track add column thinned integer not null default 0;";

template <typename IdType>
IdType id_at(const Statement& row, int column) {
  return IdType::from_bytes(row.blob(column)).value_or(IdType());
}

}  // namespace

struct Index::State {
  explicit State(Database opened) : database(std::move(opened)) {}

  // Prepared once; a literal's address names it.
  Result<Statement*> statement(const char* sql) {
    auto found = statements.find(sql);
    if (found == statements.end()) {
      SC_TRY_ASSIGN(auto prepared, database.prepare(sql));
      found = statements.emplace(sql, std::move(prepared)).first;
    }
    return &found->second;
  }

  template <typename... Args>
  Status run(const char* sql, const Args&... args) {
    SC_TRY_ASSIGN(Statement * prepared, statement(sql));
    return prepared->bind(args...).run();
  }

  // Calls `visit` with each row.
  template <typename Visit, typename... Args>
  Status each(const char* sql, Visit visit, const Args&... args) {
    SC_TRY_ASSIGN(Statement * prepared, statement(sql));
    prepared->bind(args...);
    for (;;) {
      SC_TRY_ASSIGN(const bool row, prepared->step());
      if (!row) return Ok{};
      visit(*prepared);
    }
  }

  Database database;
  std::map<const char*, Statement> statements;
};

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto database, Database::open_writer(path));
  SC_TRY(database.execute("pragma foreign_keys = on"));
  SC_TRY_ASSIGN(const std::int64_t version, database.user_version());
  if (version > kSchemaVersion) {
    return failed_precondition(fmt::format(
        "{} was written by a newer version of this program (schema {}, this one knows {})",
        path.string(), version, kSchemaVersion));
  }
  if (version < kSchemaVersion) {
    SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database));
    SC_TRY(database.execute(version == 0 ? kSpoolSchema : kFromVersion1));
    SC_TRY(database.execute(fmt::format("pragma user_version = {}", kSchemaVersion)));
    SC_TRY(transaction.commit());
  }
  return std::unique_ptr<Index>(new Index(std::make_unique<State>(std::move(database))));
}

Status Index::begin() { return state_->database.execute("begin immediate"); }
Status Index::commit() { return state_->database.execute("commit"); }
void Index::roll_back() noexcept {
  // SQLite may have rolled back by itself after an error; then there is nothing to do.
  static_cast<void>(state_->database.execute("rollback").ok());
}

Result<std::int64_t> Index::add_capture(const CaptureRow& row) {
  SC_TRY(state_->run(
      "insert into capture (capture_id, project_id, kind, title, area, source, captured_at_us, "
      "state) values (?, ?, ?, ?, ?, ?, ?, 'open')",
      row.id.bytes(), row.project.bytes(), row.kind, row.title, row.area, row.source,
      row.captured_at_us));
  return state_->database.last_insert_rowid();
}

Result<std::int64_t> Index::add_event(const EventRow& row) {
  SC_TRY(state_->run(
      "insert or ignore into event (event_id, project_id, capture_id, bytes) values (?, ?, ?, ?)",
      row.id.bytes(), row.project.bytes(), row.capture.is_nil() ? ByteView() : row.capture.bytes(),
      as_bytes(row.bytes)));
  if (state_->database.changes() == 0) return std::int64_t{0};
  return state_->database.last_insert_rowid();
}

Status Index::put_track(std::int64_t capture_position, const TrackRow& row) {
  return state_->run(
      "insert or replace into track (capture_position, name, part_count, delivered, made_bytes, "
      "duration_us, running_hash, thinned) values (?, ?, ?, ?, ?, ?, ?, ?)",
      capture_position, row.name, row.part_count, row.delivered, row.made_bytes, row.duration_us,
      as_bytes(row.running_hash), row.thinned);
}

Status Index::close_capture(std::int64_t position, std::string_view reason,
                            std::int64_t interrupted_at_us) {
  return state_->run(
      "update capture set state = 'closed', reason = ?, interrupted_at_us = ? where position = ?",
      reason, interrupted_at_us, position);
}

Status Index::forget_interruption(std::int64_t position) {
  return state_->run("update capture set interrupted_at_us = 0 where position = ?", position);
}

Status Index::mark_claimed(CaptureId id) {
  return state_->run("update capture set claimed = 1 where capture_id = ?", id.bytes());
}

Status Index::mark_delivered(std::int64_t position, std::int64_t history) {
  SC_TRY(state_->run("update capture set state = 'delivered' where position = ?", position));
  return state_->run(
      "delete from capture where state = 'delivered' and position not in (select position from "
      "capture where state = 'delivered' order by position desc limit ?)",
      history);
}

Status Index::remove_event(EventId id) {
  return state_->run("delete from event where event_id = ?", id.bytes());
}

Status Index::refuse_event(EventId id, std::string_view why) {
  return state_->run("update event set refused = ? where event_id = ?", why, id.bytes());
}

Result<std::vector<CaptureRow>> Index::captures() {
  std::vector<CaptureRow> rows;
  SC_TRY(state_->each(
      "select position, capture_id, project_id, kind, title, area, source, captured_at_us, state, "
      "reason, interrupted_at_us, claimed from capture order by position",
      [&](const Statement& found) {
        CaptureRow row;
        row.position = found.integer(0);
        row.id = id_at<CaptureId>(found, 1);
        row.project = id_at<ProjectId>(found, 2);
        row.kind = found.text(3);
        row.title = found.text(4);
        row.area = found.text(5);
        row.source = found.text(6);
        row.captured_at_us = found.integer(7);
        row.state = found.text(8);
        row.reason = found.text(9);
        row.interrupted_at_us = found.integer(10);
        row.claimed = found.integer(11) != 0;
        rows.push_back(std::move(row));
      }));
  return rows;
}

Result<std::vector<TrackRow>> Index::tracks(std::int64_t capture_position) {
  std::vector<TrackRow> rows;
  SC_TRY(state_->each(
      "select name, part_count, delivered, made_bytes, duration_us, running_hash, thinned from "
      "track where "
      "capture_position = ? order by name",
      [&](const Statement& found) {
        TrackRow row;
        row.name = found.text(0);
        row.part_count = found.unsigned_integer(1);
        row.delivered = found.unsigned_integer(2);
        row.made_bytes = found.unsigned_integer(3);
        row.duration_us = found.integer(4);
        row.running_hash = to_string(found.blob(5));
        row.thinned = found.unsigned_integer(6);
        rows.push_back(std::move(row));
      },
      capture_position));
  return rows;
}

Result<std::vector<EventRow>> Index::events() {
  std::vector<EventRow> rows;
  SC_TRY(state_->each(
      "select position, event_id, project_id, capture_id, bytes, refused from event order by "
      "position",
      [&](const Statement& found) {
        EventRow row;
        row.position = found.integer(0);
        row.id = id_at<EventId>(found, 1);
        row.project = id_at<ProjectId>(found, 2);
        row.capture = id_at<CaptureId>(found, 3);
        row.bytes = to_string(found.blob(4));
        row.refused = found.text(5);
        rows.push_back(std::move(row));
      }));
  return rows;
}

Result<std::string> Index::meta(std::string_view key) {
  std::string value;
  SC_TRY(state_->each(
      "select value from meta where key = ?", [&](const Statement& row) { value = row.text(0); },
      key));
  return value;
}

Status Index::put_meta(std::string_view key, std::string_view value) {
  return state_->run("insert or replace into meta (key, value) values (?, ?)", key, value);
}

}  // namespace sitecast::agent
