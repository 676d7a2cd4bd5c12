// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/link_follower.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kLeastUnsentBytes = 4096, kUnsentMs = 100;  // of backfill, beside live

}  // namespace

bool LinkFollower::restart() {
  delivered_.restart();
  stuck_.restart();
  return ladder_ && ladder_->observe(LinkSample());
}

void LinkFollower::adapt(std::vector<Rung> rungs) {
  if (!ladder_) ladder_.emplace(std::move(rungs));
}

bool LinkFollower::observe(const LinkFigures& figures, std::int64_t now_us) {
  machine_.tcp(tcp_state_of(figures));
  delivered_.observe(figures.acknowledged_bytes, now_us);
  const bool changed = follow(figures, now_us);
  if (!ladder_) return false;
  machine_.pause_live(ladder_->rung().link_kbps() == 0);
  machine_.limit_unsent_beside_live(
      std::max<std::uint64_t>(kLeastUnsentBytes, std::uint64_t{delivered_.kbps()} * kUnsentMs / 8));
  machine_.queued_before_live(ladder_->queue_us());
  machine_.limit_picture_fills(ladder_->largest_fill_bytes(delivered_.kbps()));
  return changed;
}

bool LinkFollower::follow(const LinkFigures& figures, std::int64_t now_us) {
  LinkSample sample;
  sample.now_us = now_us;
  sample.connected = true;
  sample.live_lag_us = machine_.live_lag_us();
  sample.round_trip_us = figures.round_trip_us;
  sample.delivered_kbps = delivered_.kbps();
  sample.unsent_bytes = figures.unsent_bytes;
  const std::uint64_t held_bytes = std::max(figures.outstanding_bytes, machine_.on_the_way_bytes());
  if (stuck_.observe({now_us, machine_.live(), held_bytes, sample.delivered_kbps})) {
    const bool changed = ladder_ && ladder_->fit(sample);
    machine_.stuck();
    return changed;
  }
  return ladder_ && ladder_->observe(sample);
}

}  // namespace sitecast::agent
