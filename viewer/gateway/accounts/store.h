// SPDX-License-Identifier: Apache-2.0
// accounts.db (schema.sql). All SQL of the gateway is in store.cpp and schema.sql.
// Owner thread: one at a time (the accounts thread of a running gateway, or the `account` command's
// main). Every method blocks on the disk; a write is durable when it returns (synchronous=FULL).
// Errors: kInvalidArgument (a field breaks its rule), kNotFound, kFailedPrecondition (exists
// already), kUnavailable (another process holds the lock for over 5 s), kResourceExhausted (disk),
// kInternal.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/result.h"
#include "viewer/gateway/guard.h"

namespace sitecast::gateway {

using TokenHash = std::array<std::uint8_t, 32>;

struct Account {
  std::string user;
  std::string display_name;
  Role role = Role::kOwner;
  std::string locale;  // zh-CN | en
};

struct StoredSession {
  TokenHash token_hash{};
  std::string user;
  std::int64_t created_at_us = 0;    // session clock
  std::int64_t last_seen_at_us = 0;  // session clock
};

// 1 to 64 bytes of letters, digits and ._@- : it goes into logs and events.
bool is_valid_user(std::string_view user);

class AccountStore {
 public:
  // Creates the file (mode 0600) and its folder when absent.
  static Result<std::unique_ptr<AccountStore>> open(const std::filesystem::path& state_dir,
                                                    const Clock& clock);
  ~AccountStore();

  Status add_account(const Account& account, const std::string& password_hash);
  Status remove_account(std::string_view user);  // and its sessions
  // Also ends every session of the account.
  Status set_password(std::string_view user, const std::string& password_hash);
  Result<std::vector<Account>> accounts();
  Result<std::optional<std::string>> password_hash(std::string_view user);

  // Keeps at most 50 sessions of a user: the one unseen for longest makes room. kNotFound unless
  // the account still has the password that was verified: a new password ends the sessions of the
  // old.
  Status add_session(const StoredSession& session, std::string_view verified_hash);
  Status remove_session(const TokenHash& token_hash);
  Status remove_sessions_older_than(std::int64_t created_before_us, std::int64_t unseen_since_us);
  Status touch_session(const TokenHash& token_hash, std::int64_t last_seen_at_us);
  Result<std::vector<StoredSession>> sessions();

  // Session clock at open, and its progress (schema.sql).
  [[nodiscard]] std::int64_t session_clock_us() const;
  Status save_session_clock();

  // A number that differs from the last call's when another process has committed since.
  Result<std::int64_t> data_version();

 private:
  struct Db;
  explicit AccountStore(std::unique_ptr<Db> db);
  std::unique_ptr<Db> db_;
};

}  // namespace sitecast::gateway
