// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/index.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <map>

#include "agent_spool_schema.h"

namespace sitecast::agent {
namespace {

constexpr int kSchemaVersion = 1;

ErrorKind kind_of_sqlite(int code) {
  switch (code) {
    case SQLITE_FULL: return ErrorKind::kResourceExhausted;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorKind::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return ErrorKind::kPermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorKind::kFailedPrecondition;
    default: return ErrorKind::kInternal;
  }
}

// Runs `work`, which calls a library that throws.
template <typename Work>
auto guarded(Work work) -> Result<decltype(work())> {
  try {
    return work();
  } catch (const SQLite::Exception& e) {
    return Error(kind_of_sqlite(e.getErrorCode()), std::string("spool index: ") + e.what());
  }
}
template <typename Work>
Status guarded_status(Work work) {
  try {
    work();
    return Ok{};
  } catch (const SQLite::Exception& e) {
    return Error(kind_of_sqlite(e.getErrorCode()), std::string("spool index: ") + e.what());
  }
}

void bind_blob(SQLite::Statement& statement, int at, std::string_view bytes) {
  // SQLite takes a null pointer for NULL, also with size 0.
  statement.bind(at, bytes.empty() ? static_cast<const void*>("") : bytes.data(),
                 static_cast<int>(bytes.size()));
}
std::string blob(SQLite::Column column) {
  const auto* data = static_cast<const char*>(column.getBlob());
  return data == nullptr ? std::string()
                         : std::string(data, static_cast<std::size_t>(column.getBytes()));
}
template <typename IdType>
IdType id_of(SQLite::Column column) {
  return IdType::from_bytes(std::string_view(blob(std::move(column)))).value_or(IdType());
}
std::uint64_t count_of(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

void create_schema(SQLite::Database& database) {
  SQLite::Transaction transaction(database);
  database.exec(kSpoolSchema);
  database.exec(fmt::format("pragma user_version = {}", kSchemaVersion));
  transaction.commit();
}

}  // namespace

struct Index::State {
  explicit State(const std::string& path)
      : database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {}

  // Prepared once, given back reset.
  SQLite::Statement& statement(const char* sql) {
    auto found = statements.find(sql);
    if (found == statements.end()) {
      found = statements.try_emplace(sql, database, sql).first;
    }
    found->second.reset();
    return found->second;
  }

  SQLite::Database database;
  std::map<const char*, SQLite::Statement> statements;
};

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& path) {
  return guarded([&]() -> std::unique_ptr<Index> {
    auto state = std::make_unique<State>(path.string());
    SQLite::Database& database = state->database;
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = full");
    database.exec("pragma foreign_keys = on");
    const int version = database.execAndGet("pragma user_version").getInt();
    if (version == 0) create_schema(database);
    if (version > kSchemaVersion) {
      throw SQLite::Exception(
          fmt::format("{} was written by a newer version of this program (schema {}, this one "
                      "knows {})",
                      path.string(), version, kSchemaVersion),
          SQLITE_ERROR);
    }
    return std::unique_ptr<Index>(new Index(std::move(state)));
  });
}

Status Index::begin() {
  return guarded_status([&] { state_->database.exec("begin immediate"); });
}
Status Index::commit() {
  return guarded_status([&] { state_->database.exec("commit"); });
}
void Index::roll_back() noexcept {
  // SQLite may have rolled back by itself after an error; then there is nothing to do.
  static_cast<void>(guarded_status([&] { state_->database.exec("rollback"); }).ok());
}

Result<std::int64_t> Index::add_capture(const CaptureRow& row) {
  return guarded([&] {
    auto& insert = state_->statement(
        "insert into capture (capture_id, project_id, kind, title, area, source, captured_at_us, "
        "state) values (?, ?, ?, ?, ?, ?, ?, 'open')");
    bind_blob(insert, 1, as_text(row.id.bytes()));
    bind_blob(insert, 2, as_text(row.project.bytes()));
    insert.bind(3, row.kind);
    insert.bind(4, row.title);
    insert.bind(5, row.area);
    insert.bind(6, row.source);
    insert.bind(7, row.captured_at_us);
    insert.exec();
    return state_->database.getLastInsertRowid();
  });
}

Result<std::int64_t> Index::add_event(const EventRow& row) {
  return guarded([&] {
    auto& insert = state_->statement(
        "insert or ignore into event (event_id, project_id, capture_id, bytes) values "
        "(?, ?, ?, ?)");
    bind_blob(insert, 1, as_text(row.id.bytes()));
    bind_blob(insert, 2, as_text(row.project.bytes()));
    bind_blob(insert, 3, row.capture.is_nil() ? std::string_view() : as_text(row.capture.bytes()));
    bind_blob(insert, 4, row.bytes);
    return insert.exec() == 0 ? std::int64_t{0} : state_->database.getLastInsertRowid();
  });
}

Status Index::put_track(std::int64_t capture_position, const TrackRow& row) {
  return guarded_status([&] {
    auto& insert = state_->statement(
        "insert or replace into track (capture_position, name, part_count, delivered, made_bytes, "
        "duration_us, running_hash) values (?, ?, ?, ?, ?, ?, ?)");
    insert.bind(1, capture_position);
    insert.bind(2, row.name);
    insert.bind(3, static_cast<std::int64_t>(row.part_count));
    insert.bind(4, static_cast<std::int64_t>(row.delivered));
    insert.bind(5, static_cast<std::int64_t>(row.made_bytes));
    insert.bind(6, row.duration_us);
    bind_blob(insert, 7, row.running_hash);
    insert.exec();
  });
}

Status Index::close_capture(std::int64_t position, std::string_view reason,
                            std::int64_t interrupted_at_us) {
  return guarded_status([&] {
    auto& update = state_->statement(
        "update capture set state = 'closed', reason = ?, interrupted_at_us = ? where position = "
        "?");
    update.bind(1, std::string(reason));
    update.bind(2, interrupted_at_us);
    update.bind(3, position);
    update.exec();
  });
}

Status Index::forget_interruption(std::int64_t position) {
  return guarded_status([&] {
    auto& update = state_->statement("update capture set interrupted_at_us = 0 where position = ?");
    update.bind(1, position);
    update.exec();
  });
}

Status Index::mark_delivered(std::int64_t position, std::int64_t history) {
  return guarded_status([&] {
    auto& update = state_->statement("update capture set state = 'delivered' where position = ?");
    update.bind(1, position);
    update.exec();
    auto& prune = state_->statement(
        "delete from capture where state = 'delivered' and position not in (select position from "
        "capture where state = 'delivered' order by position desc limit ?)");
    prune.bind(1, history);
    prune.exec();
  });
}

Status Index::remove_event(EventId id) {
  return guarded_status([&] {
    auto& remove = state_->statement("delete from event where event_id = ?");
    bind_blob(remove, 1, as_text(id.bytes()));
    remove.exec();
  });
}

Status Index::refuse_event(EventId id, std::string_view why) {
  return guarded_status([&] {
    auto& update = state_->statement("update event set refused = ? where event_id = ?");
    update.bind(1, std::string(why));
    bind_blob(update, 2, as_text(id.bytes()));
    update.exec();
  });
}

Result<std::vector<CaptureRow>> Index::captures() {
  return guarded([&] {
    auto& select = state_->statement(
        "select position, capture_id, project_id, kind, title, area, source, captured_at_us, "
        "state, reason, interrupted_at_us from capture order by position");
    std::vector<CaptureRow> rows;
    while (select.executeStep()) {
      CaptureRow row;
      row.position = select.getColumn(0).getInt64();
      row.id = id_of<CaptureId>(select.getColumn(1));
      row.project = id_of<ProjectId>(select.getColumn(2));
      row.kind = select.getColumn(3).getString();
      row.title = select.getColumn(4).getString();
      row.area = select.getColumn(5).getString();
      row.source = select.getColumn(6).getString();
      row.captured_at_us = select.getColumn(7).getInt64();
      row.state = select.getColumn(8).getString();
      row.reason = select.getColumn(9).getString();
      row.interrupted_at_us = select.getColumn(10).getInt64();
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<std::vector<TrackRow>> Index::tracks(std::int64_t capture_position) {
  return guarded([&] {
    auto& select = state_->statement(
        "select name, part_count, delivered, made_bytes, duration_us, running_hash "
        "from track where capture_position = ? order by name");
    select.bind(1, capture_position);
    std::vector<TrackRow> rows;
    while (select.executeStep()) {
      TrackRow row;
      row.name = select.getColumn(0).getString();
      row.part_count = count_of(select.getColumn(1));
      row.delivered = count_of(select.getColumn(2));
      row.made_bytes = count_of(select.getColumn(3));
      row.duration_us = select.getColumn(4).getInt64();
      row.running_hash = blob(select.getColumn(5));
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<std::vector<EventRow>> Index::events() {
  return guarded([&] {
    auto& select = state_->statement(
        "select position, event_id, project_id, capture_id, bytes, refused from event order by "
        "position");
    std::vector<EventRow> rows;
    while (select.executeStep()) {
      EventRow row;
      row.position = select.getColumn(0).getInt64();
      row.id = id_of<EventId>(select.getColumn(1));
      row.project = id_of<ProjectId>(select.getColumn(2));
      row.capture = id_of<CaptureId>(select.getColumn(3));
      row.bytes = blob(select.getColumn(4));
      row.refused = select.getColumn(5).getString();
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

Result<std::string> Index::meta(std::string_view key) {
  return guarded([&] {
    auto& select = state_->statement("select value from meta where key = ?");
    select.bind(1, std::string(key));
    std::string value;
    while (select.executeStep()) value = select.getColumn(0).getString();
    return value;
  });
}

Status Index::put_meta(std::string_view key, std::string_view value) {
  return guarded_status([&] {
    auto& insert = state_->statement("insert or replace into meta (key, value) values (?, ?)");
    insert.bind(1, std::string(key));
    insert.bind(2, std::string(value));
    insert.exec();
  });
}

}  // namespace sitecast::agent
