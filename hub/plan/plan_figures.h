// SPDX-License-Identifier: Apache-2.0
// A plan against what was seen on site: planned and actual percentage, variance in days, S-curve
// and forecast. The methods are written down in README.md and computed a second time,
// independently, by tests/unit/hub_plan/figures_test.py. Days are whole numbers from 1970-01-01 in
// the project's time zone; `as_of` means by the beginning of that day. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sitecast::hub {

struct ScheduledItem {
  std::optional<int> start_day, finish_day;  // finish: the last day of work
  std::optional<double> weight;              // as the sheet states it
  bool summary = false;                      // not counted: the lines below it are
  bool milestone = false;
};

// That somebody saw how far an item is. Of the same day the later one in the list counts.
struct SeenProgress {
  std::uint32_t item = 0;  // index in the list of items
  int day = 0;
  double percentage = 0;
};

struct ItemFigures {
  bool counted = false;  // has both dates and is no summary
  double weight = 0;     // share of the whole, 0 to 1
  double planned = 0;    // per cent
  double actual = 0;
  std::optional<int> actual_start, actual_finish;  // first seen begun; since when seen finished
  std::optional<int> variance_days;                // late is positive
};

enum class ForecastBasis { kEarnedSchedule, kFinished, kNotBegun, kNothingSeen };
std::string_view name_of(ForecastBasis basis);

struct PlanFigures {
  std::vector<ItemFigures> items;
  bool weighted_by_sheet = false;  // else by calendar days
  std::optional<int> first_day, last_day;
  double planned = 0, actual = 0;  // per cent, weighted
  std::optional<int> variance_days;
  ForecastBasis basis = ForecastBasis::kNotBegun;
  std::optional<int> forecast_day;
  // Per cent at the end of each day from first_day; of `actual` up to `as_of`.
  std::vector<double> planned_curve, actual_curve;
};

// REQUIRES: days within plan_date()'s years, SeenProgress::item within `items`.
PlanFigures plan_figures(std::span<const ScheduledItem> items, std::vector<SeenProgress> seen,
                         int as_of);

}  // namespace sitecast::hub
