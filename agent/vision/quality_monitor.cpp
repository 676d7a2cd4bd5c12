// SPDX-License-Identifier: Apache-2.0
#include "agent/vision/quality_monitor.h"

namespace sitecast::agent {

std::vector<QualityChange> QualityMonitor::add(const QualityMeasure& measure,
                                               std::int64_t media_time_us) {
  const Quality verdict = judge_quality(measure, current_);
  if (verdict != candidate_) {
    candidate_ = verdict;
    candidate_since_us_ = media_time_us;
  }
  if (candidate_ == current_ || media_time_us - candidate_since_us_ < kHoldUs) return {};
  std::vector<QualityChange> changes;
  if (current_ != Quality::kGood) {
    changes.push_back({current_, false, deciding_value(measure, current_), candidate_since_us_});
  }
  if (candidate_ != Quality::kGood) {
    changes.push_back({candidate_, true, deciding_value(measure, candidate_), candidate_since_us_});
  }
  current_ = candidate_;
  return changes;
}

}  // namespace sitecast::agent
