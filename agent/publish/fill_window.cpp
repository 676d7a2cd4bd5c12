// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/fill_window.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kPoliteQueueUs = 6'000;   // most that backfill may add to a live part's way
constexpr std::int64_t kStartQueueUs = 20'000;   // ends the doubling
constexpr std::int64_t kAloneQueueUs = 500'000;  // nothing is live: only fill the link
constexpr std::int64_t kPeriodUs = 5'000'000;    // a smallest round trip is forgotten after two
constexpr std::int64_t kStaleUs = 2'000'000;     // unused for so long, a window is no knowledge
constexpr std::uint64_t kGrowth = 16;            // by 1/16 a round trip,
constexpr std::uint64_t kFastGrowth = 4;         // by 1/4 when that has made no queue
constexpr int kPatientRounds = 4;                // for so many

}  // namespace

void FillWindow::held_up(std::int64_t now_us) {
  if (now_us - held_up_at_us_ > kStaleUs) {
    bytes_ = std::min(bytes_, initial_bytes_);
    starting_ = true;
  }
  held_up_at_us_ = now_us;
  held_up_ = true;
}

void FillWindow::came_back(const Returned& part) {
  last_us_ = part.now_us - part.sent_us;
  round_least_us_ = std::min(round_least_us_, queued_us(part));
  if (part.sent_us < round_began_us_) return;
  const std::int64_t took_us = part.now_us - round_began_us_;
  if (round_began_us_ > 0 && took_us > 0 && part.passed_bytes > round_passed_bytes_) {
    bytes_per_us_ =
        static_cast<double>(part.passed_bytes - round_passed_bytes_) / static_cast<double>(took_us);
  }
  if (!breathing_) adjust(part.polite);
  breathing_ = false;
  if (part.now_us - period_began_us_ >= kPeriodUs) {
    period_began_us_ = part.now_us;
    base_us_ = period_min_us_ == INT64_MAX ? 0 : period_min_us_;
    tcp_min_us_ = tcp_period_min_us_;
    period_min_us_ = tcp_period_min_us_ = INT64_MAX;
    breathing_ = part.polite;
  }
  held_up_ = false;
  round_began_us_ = part.now_us;
  round_passed_bytes_ = part.passed_bytes;
  round_least_us_ = INT64_MAX;
}

// The least of what can be seen: a PUBACK may have waited for a processor, TCP's own answers do
// not. A part's own bytes take their time on any link; how long is not known better than what the
// link delivered of late, which may be less than it can. But the path takes no less than TCP sees.
std::int64_t FillWindow::queued_us(const Returned& part) {
  if (period_began_us_ == 0) period_began_us_ = part.now_us;
  const std::int64_t tcp_least_us = std::min(tcp_min_us_, tcp_period_min_us_);
  const bool tcp_known = tcp_us_ > 0 && tcp_least_us != INT64_MAX;
  if (bytes_per_us_ <= 0) {
    return tcp_known ? std::max<std::int64_t>(std::min(last_us_, tcp_us_) - tcp_least_us, 0) : 0;
  }
  const auto time_us = [&](std::uint64_t bytes) {
    return static_cast<std::int64_t>(static_cast<double>(bytes) / bytes_per_us_);
  };
  const std::int64_t own_us = time_us(part.bytes);
  const std::int64_t path_us = tcp_known ? std::max(last_us_ - own_us, tcp_least_us) : last_us_;
  period_min_us_ = std::min(period_min_us_, path_us);
  base_us_ = base_us_ == 0 ? path_us : std::min(base_us_, path_us);
  std::int64_t queued_us = last_us_ - base_us_ - own_us;
  if (tcp_known) {
    queued_us = std::min(queued_us, tcp_us_ - tcp_least_us + time_us(part.unsent_bytes));
  }
  return std::max<std::int64_t>(queued_us, 0);
}

void FillWindow::adjust(bool polite) {
  const std::int64_t target_us = polite ? kPoliteQueueUs : kAloneQueueUs;
  const std::int64_t queue_us = round_least_us_;
  if (starting_ && queue_us <= std::max(target_us, kStartQueueUs)) {
    if (held_up_) bytes_ = std::min(bytes_ * 2, limit_bytes_);
    return;
  }
  starting_ = false;
  const bool grows = held_up_ && queue_us <= target_us / 2;
  grown_rounds_ = grows ? grown_rounds_ + 1 : 0;
  if (queue_us > target_us) {
    const double share =
        static_cast<double>(base_us() + target_us) / static_cast<double>(base_us() + queue_us);
    bytes_ = std::max(
        static_cast<std::uint64_t>(static_cast<double>(bytes_) * std::clamp(share, 0.5, 1.0)),
        kLeastBytes);
  } else if (grows) {
    const std::uint64_t part = grown_rounds_ > kPatientRounds ? kFastGrowth : kGrowth;
    bytes_ = std::min(bytes_ + bytes_ / part, limit_bytes_);
  }
}

void FillWindow::restart(bool polite) {
  *this = FillWindow(limit_bytes_);
  if (!polite) bytes_ = initial_bytes_ = std::min(kInitialAloneBytes, limit_bytes_);
}

}  // namespace sitecast::agent
