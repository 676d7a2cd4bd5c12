// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/link_follower.h"

namespace sitecast::agent {

void LinkFollower::restart() {
  acknowledged_bytes_ = 0;
  delivered_.restart();
  stuck_.restart();
  if (ladder_) ladder_->observe(LinkSample());
}

void LinkFollower::adapt(std::vector<Rung> rungs) {
  if (!ladder_) ladder_.emplace(std::move(rungs));
}

bool LinkFollower::observe(const LinkFigures& figures, std::int64_t now_us) {
  machine_.round_trip(figures.round_trip_us);
  if (figures.acknowledged_bytes > acknowledged_bytes_) machine_.link_moves();
  acknowledged_bytes_ = figures.acknowledged_bytes;
  delivered_.observe(figures.acknowledged_bytes, now_us);
  const bool changed = follow(figures, now_us);
  if (!ladder_) return false;
  machine_.pause_live(ladder_->rung().link_kbps() == 0);
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
  if (stuck_.observe({now_us, machine_.live(), figures.outstanding_bytes, sample.delivered_kbps})) {
    const bool changed = ladder_ && ladder_->fit(sample);
    machine_.stuck();
    return changed;
  }
  return ladder_ && ladder_->observe(sample);
}

}  // namespace sitecast::agent
