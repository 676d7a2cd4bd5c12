// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/accounts.h"

#include <pthread.h>
#include <sodium.h>

#include <chrono>
#include <cstring>

#include "proto/base/sha256.h"
#include "viewer/gateway/accounts/password.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTokenText = 43;  // base64url without padding
constexpr std::size_t kWaitingTasks = 64;
constexpr auto kPollEvery = std::chrono::milliseconds(250);
constexpr std::int64_t kSaveEveryUs = 30'000'000;

std::string make_token() {
  std::array<std::uint8_t, kTokenBytes> bytes{};
  ::randombytes_buf(bytes.data(), bytes.size());
  return base64url_encode(bytes);
}

}  // namespace

std::optional<TokenHash> hash_token(std::string_view token_text) {
  if (token_text.size() != kTokenText) return std::nullopt;
  return sha256(as_bytes(token_text));
}

std::size_t Accounts::HashOfToken::operator()(const TokenHash& hash) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

Result<std::unique_ptr<Accounts>> Accounts::open(const std::filesystem::path& state_dir,
                                                 const Clock& clock, Post post_to_io) {
  SC_TRY_ASSIGN(auto store, AccountStore::open(state_dir, clock));
  const std::int64_t now_us = store->session_clock_us();
  SC_TRY(store->remove_sessions_older_than(now_us - kSessionLongestUs, now_us - kSessionIdleUs));
  auto accounts =
      std::unique_ptr<Accounts>(new Accounts(std::move(store), clock, std::move(post_to_io)));
  accounts->clock_base_us_ = now_us - clock.monotonic_us();
  // As costly to verify as a real one, so that an unknown user takes as long as a wrong password.
  SC_TRY_ASSIGN(accounts->dummy_hash_, hash_password(make_token()));
  SC_TRY_ASSIGN(accounts->last_version_, accounts->store_->data_version());
  SC_TRY_ASSIGN(const Snapshot snapshot, accounts->read_snapshot());
  accounts->apply(snapshot);
  accounts->last_save_us_ = clock.monotonic_us();
  accounts->thread_ = std::thread([raw = accounts.get()] { raw->run(); });
  return accounts;
}

Accounts::Accounts(std::unique_ptr<AccountStore> store, const Clock& clock, Post post)
    : store_(std::move(store)), clock_(clock), post_(std::move(post)) {}

Accounts::~Accounts() { stop(); }

void Accounts::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  // The thread is gone: the store is this thread's now.
  for (const auto& [hash, session] : sessions_) {
    if (!session.touched) continue;
    if (const auto saved = store_->touch_session(hash, session.last_seen_at_us); !saved) {
      log_.warn("last use of a session not saved: {}", saved.error().message());
      break;
    }
  }
  if (const auto saved = store_->save_session_clock(); !saved) {
    log_.warn("session clock not saved: {}", saved.error().message());
  }
}

bool Accounts::enqueue(Task task, bool may_refuse) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (may_refuse && tasks_.size() >= kWaitingTasks)) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void Accounts::run() {
  ::pthread_setname_np(::pthread_self(), "accounts");
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kPollEvery, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (task) task();
    poll_changes();
  }
}

void Accounts::poll_changes() {
  const auto version = store_->data_version();
  if (version.ok() && *version != last_version_) {
    auto snapshot = read_snapshot();
    if (snapshot.ok()) {
      last_version_ = *version;
      auto shared = std::make_shared<const Snapshot>(std::move(*snapshot));
      post_([this, shared] { apply(*shared); });
    }
  }
  const std::int64_t now_us = clock_.monotonic_us();
  if (now_us - last_save_us_ < kSaveEveryUs) return;
  last_save_us_ = now_us;
  if (const auto saved = store_->save_session_clock(); !saved) {
    log_.warn("session clock not saved: {}", saved.error().message());
  }
  post_([this] { save_progress(); });
}

void Accounts::save_progress() {
  std::vector<std::pair<TokenHash, std::int64_t>> touched;
  std::vector<TokenHash> expired;
  for (auto& [hash, session] : sessions_) {
    if (has_expired(session)) expired.push_back(hash);
    if (session.touched) touched.emplace_back(hash, session.last_seen_at_us);
    session.touched = false;
  }
  for (const auto& hash : expired) {
    sign_out(hash, [](const Status&) {});
  }
  enqueue(
      [this, touched = std::move(touched)] {
        for (const auto& [hash, last_seen_at_us] : touched) {
          if (const auto saved = store_->touch_session(hash, last_seen_at_us); !saved) {
            log_.warn("last use of a session not saved: {}", saved.error().message());
            return;
          }
        }
      },
      false);
}

Result<Accounts::Snapshot> Accounts::read_snapshot() {
  Snapshot snapshot;
  SC_TRY_ASSIGN(snapshot.accounts, store_->accounts());
  SC_TRY_ASSIGN(snapshot.sessions, store_->sessions());
  return snapshot;
}

void Accounts::apply(const Snapshot& snapshot) {
  accounts_.clear();
  for (const auto& account : snapshot.accounts) accounts_[account.user] = account;
  std::unordered_map<TokenHash, Session, HashOfToken> fresh;
  for (const auto& stored : snapshot.sessions) {
    Session session{stored.user, stored.created_at_us, stored.last_seen_at_us, false};
    if (const auto known = sessions_.find(stored.token_hash); known != sessions_.end()) {
      session.last_seen_at_us = std::max(session.last_seen_at_us, known->second.last_seen_at_us);
      session.touched = known->second.touched;
    }
    fresh.emplace(stored.token_hash, std::move(session));
  }
  std::swap(fresh, sessions_);
  for (const auto& [hash, session] : fresh) {
    if (sessions_.find(hash) == sessions_.end() && on_ended_) on_ended_(hash);
  }
}

void Accounts::sign_in(std::string user, std::string password, std::string address,
                       std::function<void(SignInAnswer)> done) {
  // Nobody's: no account can have it, so there is nothing to guess, hash or remember.
  if (!is_valid_user(user) || password.size() > kLongestPassword) return done(WrongCredentials{});
  const std::int64_t now_us = clock_.monotonic_us();
  if (const auto wait = throttle_.wait_seconds(user, address, now_us)) {
    return done(Throttled{*wait});
  }
  const auto begun = throttle_.begin(user, address, now_us);
  auto settle = [this, user, address, begun, done](SignInAnswer answer) {
    post_([this, user, address, begun, done, answer = std::move(answer)] {
      if (std::holds_alternative<SignedIn>(answer)) {
        throttle_.succeeded(user, address, clock_.monotonic_us());
      } else if (std::holds_alternative<SignInUnavailable>(answer)) {
        throttle_.withdrawn(user, address, begun);
      }
      done(answer);
    });
  };
  const bool taken = enqueue([this, user, password = std::move(password),
                              settle] { check_credentials(user, password, settle); },
                             true);
  if (taken) return;
  throttle_.withdrawn(user, address, begun);
  done(SignInUnavailable{unavailable("too many sign-ins at once, try again soon")});
}

void Accounts::check_credentials(const std::string& user, const std::string& password,
                                 const std::function<void(SignInAnswer)>& done) {
  const auto stored = store_->password_hash(user);
  if (!stored.ok()) return done(SignInUnavailable{stored.error()});
  const bool known = stored->has_value();
  const bool matches = verify_password(known ? **stored : dummy_hash_, password);
  if (!known || !matches) return done(WrongCredentials{});

  const std::string token = make_token();
  const std::int64_t now_us = clock_base_us_ + clock_.monotonic_us();
  const StoredSession session{*hash_token(token), user, now_us, now_us};
  if (const auto added = store_->add_session(session, **stored); !added) {
    if (added.error().kind() == ErrorKind::kNotFound) return done(WrongCredentials{});
    return done(SignInUnavailable{added.error()});
  }
  auto snapshot = read_snapshot();
  if (!snapshot.ok()) return done(SignInUnavailable{snapshot.error()});
  for (const auto& account : snapshot->accounts) {
    if (account.user != user) continue;
    SignedIn answer{token, account};
    auto shared = std::make_shared<const Snapshot>(std::move(*snapshot));
    post_([this, shared] { apply(*shared); });
    return done(std::move(answer));
  }
  done(WrongCredentials{});
}

void Accounts::end_session(const TokenHash& token_hash) {
  if (sessions_.erase(token_hash) > 0 && on_ended_) on_ended_(token_hash);
}

void Accounts::sign_out(const TokenHash& token_hash, std::function<void(Status)> done) {
  end_session(token_hash);
  const bool taken = enqueue(
      [this, token_hash, done] {
        auto removed = store_->remove_session(token_hash);
        post_([this, token_hash, done, removed] {
          // Again: a snapshot read before the removal may have brought it back meanwhile.
          if (removed.ok()) end_session(token_hash);
          done(removed);
        });
      },
      false);
  if (!taken) done(unavailable("the gateway is stopping"));
}

bool Accounts::has_expired(const Session& session) const {
  const std::int64_t now_us = clock_base_us_ + clock_.monotonic_us();
  return now_us - session.last_seen_at_us > kSessionIdleUs ||
         now_us - session.created_at_us > kSessionLongestUs;
}

const Account* Accounts::authenticate(const TokenHash& token_hash) {
  const auto found = sessions_.find(token_hash);
  if (found == sessions_.end() || has_expired(found->second)) return nullptr;
  const auto account = accounts_.find(found->second.user);
  if (account == accounts_.end()) return nullptr;
  found->second.last_seen_at_us = clock_base_us_ + clock_.monotonic_us();
  found->second.touched = true;
  return &account->second;
}

bool Accounts::is_valid(const TokenHash& token_hash) const {
  const auto found = sessions_.find(token_hash);
  return found != sessions_.end() && !has_expired(found->second);
}

}  // namespace sitecast::gateway
