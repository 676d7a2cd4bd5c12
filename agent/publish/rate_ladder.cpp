// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/rate_ladder.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kLagUs = 250'000;    // live parts wait: the link carries less than we make
constexpr std::int64_t kQueueUs = 400'000;  // the path's own queue grows, before the kernel's does
constexpr std::int64_t kSureUs = 500'000;   // one slow key frame is not a slow link
// Before voice is given up what the path had queued at the better rate must have drained.
constexpr std::int64_t kSureOfNothingUs = 15'000'000;
constexpr std::int64_t kSettleUs = 2'000'000;   // what a change did is seen after this
constexpr std::int64_t kFailedUs = 10'000'000;  // a rung that is left so soon was too high
constexpr std::int64_t kLongestPatienceUs = 60'000'000;
constexpr std::int64_t kProvenUs =
    2'000'000;                 // of no waiting, where the rate is proven by backfill
constexpr double kUse = 0.85;  // of the measured rate, when going down

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
  if (!sample.connected) {
    waiting_since_us_ = clear_since_us_ = 0;
    base_round_trip_us_ = 0;
    patience_us_ = kPatienceUs;  // the next connection may be another path
    return false;
  }
  const std::int64_t now = sample.now_us;
  if (waits(sample)) {
    clear_since_us_ = 0;
    if (waiting_since_us_ == 0) waiting_since_us_ = now;
    const bool gives_up_voice = at_ + 2 >= rungs_.size();
    const bool sure = now - waiting_since_us_ >= (gives_up_voice ? kSureOfNothingUs : kSureUs);
    const bool settled = now - changed_at_us_ >= kSettleUs || went_up_last_;
    return sure && settled && go_down(sample);
  }
  waiting_since_us_ = 0;
  if (clear_since_us_ == 0) clear_since_us_ = now;
  if (went_up_last_ && now - changed_at_us_ >= kFailedUs) patience_us_ = kPatienceUs;
  if (at_ == 0) return false;
  const std::int64_t clear_us = now - std::max(clear_since_us_, changed_at_us_);
  const bool proven = sample.delivered_kbps * kUse >= rungs_[at_ - 1].link_kbps();
  return clear_us >= (proven ? kProvenUs : patience_us_) && go_up(now);
}

bool RateLadder::fit(const LinkSample& sample) {
  return rung().link_kbps() > sample.delivered_kbps * kUse && at_ + 2 < rungs_.size() &&
         go_down(sample);
}

std::uint64_t RateLadder::largest_fill_bytes(std::uint32_t delivered_kbps) const {
  if (at_ == 0 || rung().link_kbps() == 0) return UINT64_MAX;
  if (rung().video_kbps == 0 || rung().still_every_ms > 0) return 0;
  return std::uint64_t{delivered_kbps} * 125;
}

bool RateLadder::waits(const LinkSample& sample) {
  if (sample.round_trip_us > 0) {
    base_round_trip_us_ = base_round_trip_us_ == 0
                              ? sample.round_trip_us
                              : std::min(base_round_trip_us_, sample.round_trip_us);
  }
  if (rung().link_kbps() == 0) return false;  // nothing is live: what queues is backfill's
  return sample.live_lag_us > kLagUs ||
         (sample.round_trip_us > 0 && sample.round_trip_us - base_round_trip_us_ > kQueueUs);
}

bool RateLadder::go_down(const LinkSample& sample) {
  if (went_up_last_ && sample.now_us - changed_at_us_ < kFailedUs) {
    patience_us_ = std::min(patience_us_ * 2, kLongestPatienceUs);
  }
  went_up_last_ = false;
  if (at_ + 1 >= rungs_.size()) return false;
  ++at_;
  // To voice at once if need be; to nothing only from there.
  while (at_ + 2 < rungs_.size() && rungs_[at_].link_kbps() > sample.delivered_kbps * kUse) ++at_;
  changed_at_us_ = sample.now_us;
  return true;
}

bool RateLadder::go_up(std::int64_t now_us) {
  --at_;
  changed_at_us_ = now_us;
  went_up_last_ = true;
  return true;
}

}  // namespace sitecast::agent
