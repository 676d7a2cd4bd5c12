// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/store.h"

#include <sys/stat.h>

#include <algorithm>

#include "accounts_schema.h"
#include "proto/base/file.h"
#include "proto/base/text.h"
#include "proto/sqlite/database.h"

namespace sitecast::gateway {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr int kSessionsPerUser = 50;
constexpr std::size_t kDisplayNameBytes = 64;
constexpr std::int64_t kLongestRestartUs = 30LL * 24 * 3600 * 1'000'000;

Status check_account(const Account& account) {
  if (!is_valid_user(account.user)) {
    return invalid_argument(
        "a user name has 1 to 64 letters, digits or any of . _ @ - and nothing else");
  }
  if (account.display_name.empty() || account.display_name.size() > kDisplayNameBytes) {
    return invalid_argument("a display name has 1 to 64 bytes");
  }
  if (!is_utf8(account.display_name) ||
      std::any_of(account.display_name.begin(), account.display_name.end(), is_control)) {
    return invalid_argument("a display name is valid UTF-8 without control characters");
  }
  if (account.locale != "zh-CN" && account.locale != "en") {
    return invalid_argument("the locale is zh-CN or en");
  }
  return Ok{};
}

Status create_or_check(Database& database, const std::filesystem::path& path) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(database));
  SC_TRY_ASSIGN(const auto version, database.user_version());
  if (version == 0) {
    SC_TRY(database.execute(kAccountsSchema));
    SC_TRY(database.execute("pragma user_version = 1"));
  } else if (version != kSchemaVersion) {
    return failed_precondition(path.string() + " has version " + std::to_string(version) +
                               ", this program knows version 1: use the program that wrote it");
  }
  return transaction.commit();
}

// The session clock's value now, from what was saved last (schema.sql).
Result<std::int64_t> read_session_clock(Database& database, std::int64_t wall_us) {
  SC_TRY_ASSIGN(auto saved, database.prepare("select elapsed_us, wall_us from session_clock"));
  SC_TRY_ASSIGN(const bool row, saved.step());
  if (!row) return std::int64_t{0};
  const std::int64_t away_us = wall_us - saved.integer(1);
  return saved.integer(0) + std::clamp<std::int64_t>(away_us, 0, kLongestRestartUs);
}

}  // namespace

struct AccountStore::Db {
  Database database;
  const Clock& clock;
  std::int64_t elapsed_at_open_us = 0;
  std::int64_t monotonic_at_open_us = 0;

  // Runs one statement with these values; the number of rows it changed.
  template <typename... Args>
  Result<std::int64_t> change(std::string_view sql, const Args&... args) {
    SC_TRY_ASSIGN(auto statement, database.prepare(sql));
    SC_TRY(statement.bind(args...).run());
    return database.changes();
  }
};

bool is_valid_user(std::string_view user) {
  if (user.empty() || user.size() > 64) return false;
  return std::all_of(user.begin(), user.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '@' || c == '-';
  });
}

AccountStore::AccountStore(std::unique_ptr<Db> db) : db_(std::move(db)) {}
AccountStore::~AccountStore() = default;

Result<std::unique_ptr<AccountStore>> AccountStore::open(const std::filesystem::path& state_dir,
                                                         const Clock& clock) {
  SC_TRY(make_folders_durably(state_dir));
  const auto path = state_dir / "accounts.db";
  SC_TRY_ASSIGN(auto database, Database::open_shared_writer(path));
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return errno_error(errno, path.string());
  SC_TRY(create_or_check(database, path));
  SC_TRY_ASSIGN(const auto elapsed_us, read_session_clock(database, clock.wall_us()));
  return std::unique_ptr<AccountStore>(new AccountStore(
      std::make_unique<Db>(Db{std::move(database), clock, elapsed_us, clock.monotonic_us()})));
}

Status AccountStore::add_account(const Account& account, const std::string& password_hash) {
  SC_TRY(check_account(account));
  SC_TRY_ASSIGN(const auto added,
                db_->change("insert into account (user, display_name, role, locale, password_hash, "
                            "created_at_us) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
                            account.user, account.display_name, name_of(account.role),
                            account.locale, password_hash, db_->clock.wall_us()));
  if (added > 0) return Ok{};
  return failed_precondition("account \"" + account.user +
                             "\" exists already: remove it first, or use `account passwd`");
}

Status AccountStore::remove_account(std::string_view user) {
  SC_TRY_ASSIGN(const auto removed, db_->change("delete from account where user = ?", user));
  if (removed > 0) return Ok{};
  return not_found("there is no account \"" + std::string(user) + "\"");
}

Status AccountStore::set_password(std::string_view user, const std::string& password_hash) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(db_->database));
  SC_TRY_ASSIGN(
      const auto changed,
      db_->change("update account set password_hash = ? where user = ?", password_hash, user));
  if (changed == 0) return not_found("there is no account \"" + std::string(user) + "\"");
  SC_TRY_ASSIGN([[maybe_unused]] const auto ended,
                db_->change("delete from session where user = ?", user));
  return transaction.commit();
}

Result<std::vector<Account>> AccountStore::accounts() {
  SC_TRY_ASSIGN(
      auto select,
      db_->database.prepare("select user, display_name, role, locale from account order by user"));
  std::vector<Account> found;
  while (true) {
    SC_TRY_ASSIGN(const bool row, select.step());
    if (!row) return found;
    const auto role = parse_role(select.text(2));
    if (!role) return data_loss("accounts.db: an account has an unknown role");
    found.push_back({select.text(0), select.text(1), *role, select.text(3)});
  }
}

Result<std::optional<std::string>> AccountStore::password_hash(std::string_view user) {
  SC_TRY_ASSIGN(auto select,
                db_->database.prepare("select password_hash from account where user = ?"));
  SC_TRY_ASSIGN(const bool row, select.bind(user).step());
  return row ? std::optional(select.text(0)) : std::nullopt;
}

Status AccountStore::add_session(const StoredSession& session, std::string_view verified_hash) {
  SC_TRY_ASSIGN(auto transaction, Transaction::begin_write(db_->database));
  SC_TRY_ASSIGN([[maybe_unused]] const auto made_room,
                db_->change("delete from session where token_hash in (select token_hash from "
                            "session where user = ? order by last_seen_at_us desc, token_hash "
                            "limit -1 offset ?)",
                            session.user, kSessionsPerUser - 1));
  SC_TRY_ASSIGN(const auto added,
                db_->change("insert into session (token_hash, user, created_at_us, "
                            "last_seen_at_us) select ?, user, ?, ? from account where user = ? "
                            "and password_hash = ?",
                            ByteView(session.token_hash), session.created_at_us,
                            session.last_seen_at_us, session.user, verified_hash));
  if (added == 0) return not_found("the account was removed or has another password by now");
  return transaction.commit();
}

Status AccountStore::remove_session(const TokenHash& token_hash) {
  const auto removed =
      db_->change("delete from session where token_hash = ?", ByteView(token_hash));
  return removed.ok() ? Status(Ok{}) : removed.error();
}

Status AccountStore::remove_sessions_older_than(std::int64_t created_before_us,
                                                std::int64_t unseen_since_us) {
  const auto removed =
      db_->change("delete from session where created_at_us < ? or last_seen_at_us < ?",
                  created_before_us, unseen_since_us);
  return removed.ok() ? Status(Ok{}) : removed.error();
}

Status AccountStore::touch_session(const TokenHash& token_hash, std::int64_t last_seen_at_us) {
  const auto touched = db_->change(
      "update session set last_seen_at_us = max(last_seen_at_us, ?) where token_hash = ?",
      last_seen_at_us, ByteView(token_hash));
  return touched.ok() ? Status(Ok{}) : touched.error();
}

Result<std::vector<StoredSession>> AccountStore::sessions() {
  SC_TRY_ASSIGN(auto select, db_->database.prepare("select token_hash, user, created_at_us, "
                                                   "last_seen_at_us from session"));
  std::vector<StoredSession> found;
  while (true) {
    SC_TRY_ASSIGN(const bool row, select.step());
    if (!row) return found;
    StoredSession session;
    const auto hash = select.blob(0);
    if (hash.size() != session.token_hash.size()) {
      return data_loss("accounts.db: a session has no proper token hash");
    }
    std::copy(hash.begin(), hash.end(), session.token_hash.begin());
    session.user = select.text(1);
    session.created_at_us = select.integer(2);
    session.last_seen_at_us = select.integer(3);
    found.push_back(std::move(session));
  }
}

std::int64_t AccountStore::session_clock_us() const {
  return db_->elapsed_at_open_us + db_->clock.monotonic_us() - db_->monotonic_at_open_us;
}

Status AccountStore::save_session_clock() {
  const auto saved = db_->change(
      "insert into session_clock (id, elapsed_us, wall_us) values (1, ?, ?) on conflict do update "
      "set elapsed_us = excluded.elapsed_us, wall_us = excluded.wall_us",
      session_clock_us(), db_->clock.wall_us());
  return saved.ok() ? Status(Ok{}) : saved.error();
}

Result<std::int64_t> AccountStore::data_version() {
  SC_TRY_ASSIGN(auto select, db_->database.prepare("pragma data_version"));
  SC_TRY_ASSIGN(const bool row, select.step());
  return row ? select.integer(0) : 0;
}

}  // namespace sitecast::gateway
