// SPDX-License-Identifier: Apache-2.0
// A project's plan as the index has it: a frozen baseline, its lines, what was said of each, and
// the figures that follow. Runs on a read thread. Thread-safe: pure functions on the caller's
// reader.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/index/reader.h"
#include "hub/plan/plan_figures.h"
#include "hub/plan/plan_lines.h"
#include "proto/base/time_zone.h"
#include "sitecast.pb.h"

namespace sitecast::gateway {

struct Baseline {
  hub::PlanBaselineInfo info;
  v1::PlanBaselined about;
  std::string stated_by;  // display name
  v1::PlanPart lines;
};

// What was said of a line. `percentage`: of progress, and 100 of a confirmed milestone.
struct LineStatement {
  hub::PlanStatementInfo info;
  int day = 0;  // of info.seen_at_us in the project's time zone
  std::optional<double> percentage;
  [[nodiscard]] bool of_milestone() const { return info.kind.starts_with("milestone."); }
};

struct PlanState {
  std::vector<hub::PlanBaselineInfo> baselines;  // newest first
  std::optional<Baseline> current;
  std::vector<std::vector<LineStatement>> said;  // per line, as stated
  int today = 0;
  hub::PlanFigures figures;
};

// kNotFound: there is no such baseline; kUnavailable: its parts are still on their way.
Result<Baseline> read_baseline(hub::IndexReader& reader, ProjectId project,
                               const hub::PlanBaselineInfo& info);

// `number`: of the baseline, else the newest. `as_of`: a day, else today by `now_us`.
Result<PlanState> read_plan_state(hub::IndexReader& reader, ProjectId project, std::int64_t now_us,
                                  std::optional<std::uint32_t> number, std::optional<int> as_of);

// Where a milestone stands: none, claimed, reviewed, confirmed, returned.
std::string_view milestone_state(const std::vector<LineStatement>& said);
// Whether that step may follow.
bool may_follow(std::string_view state, std::string_view kind);

}  // namespace sitecast::gateway
