// SPDX-License-Identifier: Apache-2.0
#include "proto/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sitecast {
namespace {

constexpr int kBusyTimeoutMs = 500;
constexpr int kSharedBusyMs = 5000;

ErrorKind kind_of_sqlite(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA: return ErrorKind::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return ErrorKind::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR: return ErrorKind::kDataLoss;
    case SQLITE_CONSTRAINT: return ErrorKind::kFailedPrecondition;
    case SQLITE_CANTOPEN: return ErrorKind::kNotFound;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return ErrorKind::kPermissionDenied;
    case SQLITE_INTERRUPT: return ErrorKind::kCancelled;
    default: return ErrorKind::kInternal;
  }
}

Error sqlite_error(sqlite3* handle, std::string_view doing) {
  return {kind_of_sqlite(sqlite3_extended_errcode(handle)),
          std::string(doing) + ": " + sqlite3_errmsg(handle)};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  Error error = sqlite_error(sqlite3_db_handle(statement_.get()), "SQLite");
  sqlite3_reset(statement_.get());
  return error;
}

Status Statement::run() {
  auto row = step();
  if (!row.ok()) return row.error();
  reset();
  return Ok{};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
bool Statement::is_text(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_TEXT;
}
bool Statement::is_blob(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB;
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }
std::string Statement::text(int column) const { return to_string(blob(column)); }
ByteView Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

// A bind fails only for an index out of range (our bug, the step then misbehaves in any test) or
// out of memory, which step() reports as well.
void Statement::bind_one(int index, std::nullptr_t) { sqlite3_bind_null(statement_.get(), index); }
void Statement::bind_one(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}
void Statement::bind_one(int index, double value) {
  sqlite3_bind_double(statement_.get(), index, value);
}
void Statement::bind_one(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() != nullptr ? text.data() : "",
                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);  // NOLINT
}
void Statement::bind_one(int index, ByteView blob) {
  static constexpr std::uint8_t kNothing = 0;  // a null pointer would bind NULL
  sqlite3_bind_blob64(statement_.get(), index, blob.empty() ? &kNothing : blob.data(), blob.size(),
                      SQLITE_TRANSIENT);  // NOLINT
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::filesystem::path& path, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);
  if (handle == nullptr) return internal_error("SQLite: out of memory");
  if (code != SQLITE_OK) return sqlite_error(handle, "open " + path.string());
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Result<Database> Database::open_writer(const std::filesystem::path& path, unsigned mode,
                                       unsigned page_bytes) {
  const int created = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
  if (created >= 0) {
    const int changed = ::fchmod(created, mode);  // whatever the umask says
    const int code = errno;
    ::close(created);
    if (changed != 0) return errno_error(code, "chmod " + path.string());
  }
  SC_TRY_ASSIGN(auto database, open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  int persist = 1;
  sqlite3_file_control(database.handle_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
  // The page size is settled by the first thing that is written, which is the journal mode.
  SC_TRY(database.execute("pragma page_size = " + std::to_string(page_bytes)));
  SC_TRY(database.execute(
      "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;"
      "pragma trusted_schema = off"));
  return database;
}

Result<Database> Database::open_shared_writer(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto database, open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_busy_timeout(database.handle_.get(), kSharedBusyMs);
  SC_TRY(database.execute(
      "pragma journal_mode = delete; pragma synchronous = full; pragma foreign_keys = on;"
      "pragma trusted_schema = off"));
  return database;
}

Result<Database> Database::open_reader(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto database, open(path, SQLITE_OPEN_READONLY));
  SC_TRY(database.execute("pragma query_only = on; pragma trusted_schema = off"));
  return database;
}

Status Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_error(handle_.get(), "SQLite");
  }
  return Ok{};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return sqlite_error(handle_.get(), "SQLite");
  }
  return Statement(statement);
}

Result<Statement*> Database::cached(std::string_view sql) {
  auto found = cached_.find(sql);
  if (found == cached_.end()) {
    SC_TRY_ASSIGN(auto statement, prepare(sql));
    found = cached_.emplace(std::string(sql), std::move(statement)).first;
  }
  found->second.reset();
  return &found->second;
}

Result<std::int64_t> Database::user_version() {
  SC_TRY_ASSIGN(auto statement, prepare("pragma user_version"));
  SC_TRY_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

Status Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(handle_.get(), "checkpoint");
  return Ok{};
}

Result<Transaction> Transaction::begin_write(Database& database) {
  SC_TRY(database.execute("begin immediate"));
  return Transaction(database);
}

Result<Transaction> Transaction::begin_read(Database& database) {
  SC_TRY(database.execute("begin deferred"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Fails only when SQLite has rolled back by itself already.
  if (database_ != nullptr) (void)database_->execute("rollback").ok();
}

Status Transaction::commit() {
  SC_TRY(database_->execute("commit"));
  database_ = nullptr;
  return Ok{};
}

}  // namespace sitecast
