// SPDX-License-Identifier: Apache-2.0
// Who is signed in. Checking a session is a look into memory (no disk, no lock); everything that
// touches accounts.db or hashes a password runs on one thread of its own.
//
// Sessions end after 14 days unused and 90 days in all, on the session clock (accounts/schema.sql).
// A change by another process (`account remove`, `account passwd`) is noticed within 0.25 s;
// whoever watches is told through `on_ended`, so that open WebSockets close. Owner thread: the io
// thread, except where noted. Callbacks run on the io thread.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/result.h"
#include "viewer/gateway/accounts/store.h"
#include "viewer/gateway/accounts/throttle.h"

namespace sitecast::gateway {

inline constexpr std::int64_t kSessionIdleUs = 14LL * 24 * 3600 * 1'000'000;
inline constexpr std::int64_t kSessionLongestUs = 90LL * 24 * 3600 * 1'000'000;

// Hash of the token text a cookie carries; nullopt when it is not the text of a token.
std::optional<TokenHash> hash_token(std::string_view token_text);

struct SignedIn {
  std::string token;  // goes into the cookie and nowhere else
  Account account;
};

struct Throttled {
  std::int64_t wait_seconds = 0;
};
struct WrongCredentials {};
struct SignInUnavailable {
  Error error;
};
using SignInAnswer = std::variant<SignedIn, Throttled, WrongCredentials, SignInUnavailable>;

class Accounts {
 public:
  // Runs a function on the io thread.
  using Post = std::function<void(std::function<void()>)>;

  // Blocking: opens the store and reads it.
  static Result<std::unique_ptr<Accounts>> open(const std::filesystem::path& state_dir,
                                                const Clock& clock, Post post_to_io);
  ~Accounts();  // stops
  void stop();  // idempotent; saves what is worth saving

  void sign_in(std::string user, std::string password, std::string address,
               std::function<void(SignInAnswer)> done);
  // Ends the session at once; `done` runs when that is durable.
  void sign_out(const TokenHash& token_hash, std::function<void(Status)> done);

  // The account of a valid session; marks it as seen. nullptr: not signed in.
  const Account* authenticate(const TokenHash& token_hash);
  // The same without marking.
  [[nodiscard]] bool is_valid(const TokenHash& token_hash) const;

  // Called for every session that ended, whatever the reason.
  void on_ended(std::function<void(const TokenHash&)> watcher) { on_ended_ = std::move(watcher); }

 private:
  struct Session {
    std::string user;
    std::int64_t created_at_us = 0;
    std::int64_t last_seen_at_us = 0;
    bool touched = false;
  };
  struct HashOfToken {
    std::size_t operator()(const TokenHash& hash) const noexcept;
  };
  struct Snapshot {
    std::vector<Account> accounts;
    std::vector<StoredSession> sessions;
  };
  using Task = std::function<void()>;

  Accounts(std::unique_ptr<AccountStore> store, const Clock& clock, Post post);
  Result<Snapshot> read_snapshot();  // accounts thread, or before it starts
  void apply(const Snapshot& snapshot);
  void end_session(const TokenHash& token_hash);
  [[nodiscard]] bool has_expired(const Session& session) const;
  bool enqueue(Task task, bool may_refuse);
  void run();  // accounts thread
  void check_credentials(const std::string& user, const std::string& password,
                         const std::function<void(SignInAnswer)>& done);  // accounts thread
  void poll_changes();                                                    // accounts thread
  void save_progress();  // io thread: collects touched sessions for the thread

  const std::unique_ptr<AccountStore> store_;  // accounts thread (after open)
  const Clock& clock_;
  const Post post_;
  const Log log_{"gateway/accounts"};
  std::string dummy_hash_;          // constant after open: verified for users that do not exist
  std::int64_t clock_base_us_ = 0;  // constant after open: session clock minus monotonic clock
  std::int64_t last_version_ = 0;   // accounts thread
  std::int64_t last_save_us_ = 0;   // accounts thread

  // io thread
  std::unordered_map<TokenHash, Session, HashOfToken> sessions_;
  std::unordered_map<std::string, Account> accounts_;
  SignInThrottle throttle_;
  std::function<void(const TokenHash&)> on_ended_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;  // by mutex_
  bool stopping_ = false;   // by mutex_
  std::thread thread_;
};

}  // namespace sitecast::gateway
