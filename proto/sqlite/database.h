// SPDX-License-Identifier: Apache-2.0
// SQLite behind our Result: a connection, a statement, a transaction. The only place that calls the
// C library; every result code is mapped to an ErrorKind here.
//
// Debian's SQLite 3.40.1 is in the range of the WAL-reset bug (sqlite.org/wal.html#walresetbug), so
// of each database exactly one connection writes and it alone checkpoints: open_writer() sets WAL,
// synchronous=FULL and keeps the -wal and -shm files at close (SQLITE_FCNTL_PERSIST_WAL), so that
// readers with another user id can open the database while no writer runs.
//
// Owner thread: one at a time per Database and its Statements. Blocking. A Statement must not
// outlive its Database. Errors: kUnavailable (busy), kResourceExhausted (full), kDataLoss (corrupt,
// I/O), kFailedPrecondition (constraint), kNotFound (cannot open), kPermissionDenied (read-only).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sitecast {

class Statement {
 public:
  // Binds from parameter 1 on. Text and blobs are copied by SQLite. nullptr binds NULL.
  template <typename... Args>
  Statement& bind(const Args&... args) {
    reset();
    int index = 0;
    (bind_one(++index, args), ...);
    return *this;
  }
  // true: a row is there; false: done. After an error or done the statement is reset.
  Result<bool> step();
  // For statements without rows.
  Status run();
  void reset();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] bool is_text(int column) const;
  [[nodiscard]] bool is_blob(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const {
    return static_cast<std::uint64_t>(integer(column));
  }
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  // Valid until the next step or reset.
  [[nodiscard]] ByteView blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind_one(int index, std::nullptr_t);
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::uint64_t value) {
    bind_one(index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, int value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::uint32_t value) {
    bind_one(index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, bool value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, double value);
  void bind_one(int index, std::string_view text);
  void bind_one(int index, const std::string& text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, const char* text) { bind_one(index, std::string_view(text)); }
  void bind_one(int index, ByteView blob);
  void bind_one(int index, const Bytes& blob) { bind_one(index, ByteView(blob)); }
  // nullopt binds NULL.
  template <typename T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      bind_one(index, nullptr);
    }
  }
  template <typename Tag>
  void bind_one(int index, const Id<Tag>& id) {
    bind_one(index, id.bytes());
  }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // The one writing connection; creates the file with `mode` and pages of `page_bytes` if absent.
  // SQLite gives -wal and -shm the mode of the file, so readers of another user need 0660 and the
  // writer's group.
  static Result<Database> open_writer(const std::filesystem::path& path, unsigned mode = 0600,
                                      unsigned page_bytes = 4096);
  // For a small database that several processes write now and then: rollback journal instead of WAL
  // (so the WAL-reset bug cannot occur), durable commits. Waits at most 5 s for another's write
  // lock.
  static Result<Database> open_shared_writer(const std::filesystem::path& path);
  // Read-only connection beside a writer (or with none running). Waits at most 500 ms when busy.
  static Result<Database> open_reader(const std::filesystem::path& path);

  Status execute(const std::string& sql);
  // Kept by the caller and used again: preparing costs more than running.
  Result<Statement> prepare(std::string_view sql);
  // The statement of this text, prepared at first use and kept with the connection; reset.
  Result<Statement*> cached(std::string_view sql);
  Result<std::int64_t> user_version();
  [[nodiscard]] std::int64_t last_insert_rowid() const;
  // Rows changed by the last statement that ran.
  [[nodiscard]] std::int64_t changes() const;
  // Copies the WAL into the database file as far as readers allow.
  Status checkpoint();

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  static Result<Database> open(const std::filesystem::path& path, int flags);

  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> cached_;  // goes before the handle
};

// Rolls back unless committed.
class Transaction {
 public:
  // Takes the write lock at once.
  static Result<Transaction> begin_write(Database& database);
  // One consistent view for several reads.
  static Result<Transaction> begin_read(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace sitecast
