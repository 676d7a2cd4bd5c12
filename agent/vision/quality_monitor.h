// SPDX-License-Identifier: Apache-2.0
// Turns verdicts about single pictures of a video into warnings that begin and end: a verdict must
// hold for kHoldUs before it counts, so that a hand passing the lens or one shaken picture says
// nothing. Owner thread: one at a time. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/vision/quality.h"

namespace sitecast::agent {

struct QualityChange {
  Quality quality = Quality::kGood;
  bool active = false;
  double value = 0;
  std::int64_t media_time_us = 0;  // when it began to hold
};

class QualityMonitor {
 public:
  static constexpr std::int64_t kHoldUs = 1'000'000;

  // Pictures in rising media time. At most one end and one beginning come of one picture.
  std::vector<QualityChange> add(const QualityMeasure& measure, std::int64_t media_time_us);
  [[nodiscard]] Quality current() const { return current_; }

 private:
  Quality current_ = Quality::kGood;
  Quality candidate_ = Quality::kGood;
  std::int64_t candidate_since_us_ = 0;
};

}  // namespace sitecast::agent
