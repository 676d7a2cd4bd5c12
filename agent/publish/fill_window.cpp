// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/fill_window.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kPoliteQueueUs = 50'000;  // most that backfill may add to a live part's way
constexpr std::int64_t kAloneQueueUs = 500'000;  // nothing is live: only fill the link
constexpr std::int64_t kPeriodUs =
    10'000'000;  // a path's smallest round trip is forgotten after two

}  // namespace

void FillWindow::acknowledged(std::uint64_t bytes, std::int64_t round_trip_us, bool polite,
                              std::int64_t now_us) {
  last_us_ = round_trip_us;
  if (now_us - period_began_us_ > kPeriodUs) {
    base_us_ = period_min_us_ == 0 ? round_trip_us : period_min_us_;
    period_min_us_ = round_trip_us;
    period_began_us_ = now_us;
  }
  period_min_us_ = period_min_us_ == 0 ? round_trip_us : std::min(period_min_us_, round_trip_us);
  base_us_ = base_us_ == 0 ? round_trip_us : std::min(base_us_, round_trip_us);

  const std::int64_t target_us = polite ? kPoliteQueueUs : kAloneQueueUs;
  const std::int64_t queue_us = round_trip_us - base_us_;
  if (queue_us <= target_us) {
    bytes_ = std::min(bytes_ + bytes, limit_bytes_);
    return;
  }
  // What was sent before the last change says nothing about it: at most one step per round trip.
  if (now_us - shrunk_at_us_ < round_trip_us) return;
  shrunk_at_us_ = now_us;
  const bool far_over = queue_us > 2 * target_us;
  bytes_ = std::max(far_over ? bytes_ / 2 : bytes_ * 7 / 8, kLeastBytes);
}

void FillWindow::restart() {
  bytes_ = kInitialBytes;
  base_us_ = period_min_us_ = period_began_us_ = shrunk_at_us_ = last_us_ = 0;
}

}  // namespace sitecast::agent
