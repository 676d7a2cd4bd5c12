// SPDX-License-Identifier: Apache-2.0
// How many bytes, live and backfill together, may be on the way before another part of backfill
// goes. Delay-based (after LEDBAT, RFC 6817, and FAST TCP): once a round trip it looks at the least
// that what came back in that time had waited in queues; it grows while that is next to nothing and
// something waits for room, and shrinks in proportion when backfill itself makes a queue, so that
// the newest live part never waits long behind it. Every few seconds it lets the queue run empty,
// to see what the path itself takes. Thread-safety: one owner. Times are monotonic microseconds.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sitecast::agent {

class FillWindow {
 public:
  explicit FillWindow(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  [[nodiscard]] std::uint64_t bytes() const { return breathing_ ? bytes_ / 2 : bytes_; }
  [[nodiscard]] std::int64_t base_us() const { return base_us_ == 0 ? last_us_ : base_us_; }

  // A part did not go because so much was on the way. (When none waits, the window proves nothing.)
  void held_up(std::int64_t now_us);
  struct Returned {
    std::uint64_t bytes = 0;
    std::int64_t sent_us = 0;
    std::int64_t now_us = 0;
    std::uint64_t passed_bytes = 0;  // all that has reached the other side on this connection
    std::uint64_t unsent_bytes = 0;  // published, and not sent by TCP yet
    bool polite = false;             // something is live
  };
  void came_back(const Returned& part);
  // As TCP sees it now. Not needed, but without it whatever keeps a PUBACK waiting (a busy machine)
  // is taken for a queue.
  void tcp_round_trip(std::int64_t us) {
    if (us <= 0) return;
    tcp_us_ = us;
    tcp_period_min_us_ = std::min(tcp_period_min_us_, us);
  }
  // A new connection: nothing is known of its path. `polite`: something is live.
  void restart(bool polite);

 private:
  [[nodiscard]] std::int64_t queued_us(const Returned& part);
  void adjust(bool polite);

  std::uint64_t limit_bytes_;
  std::uint64_t initial_bytes_ = kInitialBytes;
  std::uint64_t bytes_ = kInitialBytes;
  bool starting_ = true;  // doubles until there is a queue
  bool breathing_ = false;
  int grown_rounds_ = 0;
  bool held_up_ = false;  // in this round
  std::int64_t held_up_at_us_ = 0;
  // Smallest round trip of this and the last period, without the time that a part's own bytes take.
  std::int64_t base_us_ = 0;
  std::int64_t period_min_us_ = INT64_MAX;
  std::int64_t tcp_us_ = 0;                                              // 0: unknown
  std::int64_t tcp_min_us_ = INT64_MAX, tcp_period_min_us_ = INT64_MAX;  // the same of TCP's
  std::int64_t period_began_us_ = 0;
  std::int64_t last_us_ = 0;
  // A round ends when something comes back that was sent in it.
  std::int64_t round_began_us_ = 0;
  std::uint64_t round_passed_bytes_ = 0;
  std::int64_t round_least_us_ = INT64_MAX;  // queued
  double bytes_per_us_ = 0;                  // of the round before

  static constexpr std::uint64_t kInitialBytes = 8 * 1024;
  static constexpr std::uint64_t kInitialAloneBytes = 96 * 1024;  // TCP itself begins with less
  static constexpr std::uint64_t kLeastBytes = 2 * 1024;
};

}  // namespace sitecast::agent
