// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/rate_ladder.h"

#include <algorithm>
#include <utility>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kLagUs = 250'000;  // live parts wait: the link carries less than we make
constexpr std::int64_t kPeriodUs = 15'000'000;  // a path's own round trip may become longer
constexpr std::int64_t kSureUs = 500'000;       // one slow key frame is not a slow link
// Before voice is given up what the path had queued at the better rate must have drained.
constexpr std::int64_t kSureOfNothingUs = 15'000'000;
constexpr std::int64_t kSettleUs = 2'000'000;    // what a change did is seen after this
constexpr std::int64_t kPatienceUs = 4'000'000;  // of no waiting, before a better rung is tried
// Before one that failed is tried again. Where hardly more than voice goes nothing is filled in, so
// that nothing could prove the next rung; and a link that thin seldom stays so.
constexpr std::int64_t kLongestPauseUs = 120'000'000, kLongestThinPauseUs = 8'000'000;
constexpr std::uint32_t kThinKbps = 250;
// A rung that went on for so long and then failed did so because the link became another one: its
// failures before that say nothing any more.
constexpr std::int64_t kLastedUs = 60'000'000;
constexpr std::int64_t kHeldUs = 8'000'000;  // without waiting: a rung to come back to
// A silent cut looks like a link that became thin until it is noticed.
constexpr std::int64_t kBeforeACutUs = 6'000'000;
// Of no waiting, where the rate is proven by backfill or by having held before.
constexpr std::int64_t kProvenUs = 2'000'000;
constexpr double kUse = 0.85;  // of the measured rate, when going down
// A moment's rate does not prove a rung that failed, unless it is far above.
constexpr double kFarAbove = 2;

// Per part: topic, envelope, MQTT, TLS and TCP/IP headers; at most 25 pictures' and 25 sounds'
// parts a second are sent on thin links.
constexpr std::uint32_t kOverheadKbpsPerTrack = 20;

}  // namespace

std::uint32_t Rung::link_kbps() const {
  return video_kbps + audio_kbps +
         (video_kbps > 0 && still_every_ms == 0 ? kOverheadKbpsPerTrack : 0) +
         (audio_kbps > 0 ? kOverheadKbpsPerTrack : 0);
}

std::vector<Rung> make_rungs(const Rung& best) {
  static constexpr Rung kLower[] = {
      {"540p", 1'200, 960, 540, 30, 0, 48},   {"360p", 600, 640, 360, 30, 0, 48},
      {"360p15", 300, 640, 360, 15, 0, 32},   {"240p10", 130, 426, 240, 10, 0, 32},
      {"stills", 30, 426, 240, 0, 3'000, 32}, {"voice", 0, 0, 0, 0, 0, 24},
      {"record_only", 0, 0, 0, 0, 0, 0}};
  std::vector<Rung> rungs{best};
  for (Rung rung : kLower) {
    if (rung.video_kbps >= best.video_kbps) continue;
    // Nothing is scaled up, and what was asked for is not exceeded.
    rung.longer_side_px = std::min(rung.longer_side_px, best.longer_side_px);
    rung.shorter_side_px = std::min(rung.shorter_side_px, best.shorter_side_px);
    rung.fps = std::min(rung.fps, best.fps);
    rung.audio_kbps = std::min(rung.audio_kbps, best.audio_kbps);
    rungs.push_back(rung);
  }
  return rungs;
}

bool RateLadder::observe(const LinkSample& sample) {
  if (!sample.connected) return lost_connection();
  const std::int64_t now = seen_us_ = sample.now_us;
  look_at_queue(sample);
  if (waits(sample)) {
    if (waiting_since_us_ == 0) waiting_since_us_ = now;
    const std::int64_t waited_us = now - waiting_since_us_;
    if (waited_us >= kSureUs) clear_since_us_ = proven_since_us_ = 0;
    const bool gives_up_voice = at_ + 2 >= rungs_.size();
    const bool sure = waited_us >= (gives_up_voice ? kSureOfNothingUs : kSureUs);
    const bool settled = now - changed_at_us_ >= kSettleUs || went_up_last_;
    return sure && settled && go_down(sample);
  }
  waiting_since_us_ = 0;
  if (clear_since_us_ == 0) clear_since_us_ = now;
  const std::int64_t clear_us = now - std::max(clear_since_us_, changed_at_us_);
  if (clear_us >= kHeldUs) {
    held_ = at_;
    held_failed_at_us_ = 0;
  }
  // So would those below it.
  if (clear_us >= kLastedUs) std::fill(failures_.begin() + at_, failures_.end(), Failure());
  return at_ > 0 && go_up(sample);
}

bool RateLadder::lost_connection() {
  waiting_since_us_ = clear_since_us_ = proven_since_us_ = 0;
  period_round_trip_us_ = base_round_trip_us_ = queue_us_ = last_queue_us_ = 0;
  // The next connection may be another path: every rung may be tried. But one that fails again is
  // left alone for longer, as it would be on the same path.
  for (Failure& failure : failures_) failure.retry_at_us = 0;
  went_up_last_ = false;
  const bool by_the_cut = fell_at_us_ > 0 && seen_us_ - fell_at_us_ < kBeforeACutUs;
  std::size_t next = by_the_cut ? before_fall_ : at_;
  if (held_ < rungs_.size()) next = std::max(next, held_);
  fell_at_us_ = held_failed_at_us_ = 0;
  if (next == at_) return false;
  at_ = next;
  changed_at_us_ = seen_us_;
  return true;
}

bool RateLadder::fit(const LinkSample& sample) {
  const bool fits = rung().link_kbps() <= sample.delivered_kbps * kUse || at_ + 2 >= rungs_.size();
  if (!fits) go_down(sample);
  held_ = at_;  // the next connection begins here, not where live was before it fell
  fell_at_us_ = held_failed_at_us_ = 0;
  return !fits;
}

std::uint64_t RateLadder::largest_fill_bytes(std::uint32_t delivered_kbps) const {
  if (at_ == 0 || rung().link_kbps() == 0) return UINT64_MAX;
  if (rung().video_kbps == 0 || rung().still_every_ms > 0) return 0;
  return std::uint64_t{delivered_kbps} * 125;
}

// On the path and in the kernel; what the kernel does not take is seen by live_lag_us.
void RateLadder::look_at_queue(const LinkSample& sample) {
  const auto least = [](std::int64_t a, std::int64_t b) { return a == 0 ? b : std::min(a, b); };
  last_queue_us_ = std::exchange(queue_us_, 0);
  if (sample.round_trip_us > 0) {
    period_round_trip_us_ = least(period_round_trip_us_, sample.round_trip_us);
    base_round_trip_us_ = least(base_round_trip_us_, sample.round_trip_us);
    queue_us_ = sample.round_trip_us - base_round_trip_us_;
    if (sample.now_us - period_began_us_ >= kPeriodUs) {
      period_began_us_ = sample.now_us;
      base_round_trip_us_ = std::exchange(period_round_trip_us_, 0);
    }
  }
  if (sample.delivered_kbps > 0) {
    queue_us_ += static_cast<std::int64_t>(sample.unsent_bytes * 8'000 / sample.delivered_kbps);
  }
}

bool RateLadder::waits(const LinkSample& sample) const {
  if (rung().link_kbps() == 0) return false;  // nothing is live: what queues is backfill's
  return sample.live_lag_us + queue_us_ > kLagUs;
}

bool RateLadder::go_down(const LinkSample& sample) {
  // What a better rung has queued is no failure of the one below it.
  if (fell_at_us_ == 0 || sample.now_us - fell_at_us_ >= kBeforeACutUs || went_up_last_) {
    note_failure(sample.now_us);
    fell_at_us_ = sample.now_us;
    before_fall_ = at_;
  }
  went_up_last_ = false;
  if (at_ + 1 >= rungs_.size()) return false;
  ++at_;
  // To voice at once if need be; to nothing only from there.
  while (at_ + 2 < rungs_.size() && rungs_[at_].link_kbps() > sample.delivered_kbps * kUse) ++at_;
  changed_at_us_ = sample.now_us;
  proven_since_us_ = 0;
  return true;
}

void RateLadder::note_failure(std::int64_t now_us) {
  Failure& failure = failures_[at_];
  if (now_us - changed_at_us_ >= kLastedUs) failure.pause_us = 0;
  const bool thin = rung().link_kbps() < kThinKbps;
  failure.pause_us = std::clamp(failure.pause_us * 2, 2 * kPatienceUs,
                                thin ? kLongestThinPauseUs : kLongestPauseUs);
  failure.retry_at_us = now_us + failure.pause_us;
  if (held_ <= at_ && held_failed_at_us_ == 0) held_failed_at_us_ = now_us;
}

bool RateLadder::go_up(const LinkSample& sample) {
  const std::int64_t now = sample.now_us;
  const auto may_be_tried = [&](std::size_t rung) { return now >= failures_[rung].retry_at_us; };
  // A stall is over: what held before it need not be climbed to.
  const bool comes_back = held_ < at_ && held_failed_at_us_ == 0;
  const std::size_t next = comes_back ? held_ : at_ - 1;
  const double needs_kbps = rungs_[at_ - 1].link_kbps() / kUse;
  const bool proven = sample.delivered_kbps >= needs_kbps * (may_be_tried(at_ - 1) ? 1 : kFarAbove);
  if (!proven) {
    proven_since_us_ = 0;
  } else if (proven_since_us_ == 0) {
    proven_since_us_ = now;
  }
  const std::int64_t clear_us = now - std::max(clear_since_us_, changed_at_us_);
  const bool shown = proven && now - proven_since_us_ >= kProvenUs;
  const bool waited = clear_us >= (comes_back ? kProvenUs : kPatienceUs) && may_be_tried(next);
  if (!waited && !(shown && clear_us >= kProvenUs)) return false;
  if (!waited || !comes_back) {
    held_ = at_;  // and the next one is tried
    held_failed_at_us_ = 0;
  }
  at_ = waited ? next : at_ - 1;
  changed_at_us_ = now;
  proven_since_us_ = 0;
  went_up_last_ = true;
  return true;
}

}  // namespace sitecast::agent
