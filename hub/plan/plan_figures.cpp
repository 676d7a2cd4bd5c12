// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_figures.h"

#include <algorithm>
#include <cmath>

namespace sitecast::hub {
namespace {

constexpr double kTiny = 1e-9;               // below any difference that a person could state
constexpr double kLongestForecast = 36'525;  // days; beyond a century it says nothing

int rounded(double days) { return static_cast<int>(std::floor(days + 0.5 + kTiny)); }

int days_of(const ScheduledItem& item) { return *item.finish_day - *item.start_day + 1; }

bool is_counted(const ScheduledItem& item) {
  return !item.summary && item.start_day && item.finish_day && *item.finish_day >= *item.start_day;
}

// What the sheet weighs, where it weighs every item; else a milestone nothing and work by its days.
std::vector<double> weights_of(std::span<const ScheduledItem> items, bool& by_sheet) {
  by_sheet = true;
  double sum = 0;
  for (const ScheduledItem& item : items) {
    if (!is_counted(item)) continue;
    by_sheet = by_sheet && item.weight.has_value();
    sum += item.weight.value_or(0);
  }
  by_sheet = by_sheet && sum > 0;
  std::vector<double> weights(items.size());
  if (!by_sheet) sum = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_counted(items[i])) continue;
    weights[i] = by_sheet ? *items[i].weight : items[i].milestone ? 0.0 : days_of(items[i]);
    if (!by_sheet) sum += weights[i];
  }
  for (double& weight : weights) weight = sum > 0 ? weight / sum : 0;
  return weights;
}

// Work is planned evenly over an item's days.
double planned_at_end_of(const ScheduledItem& item, int day) {
  if (day < *item.start_day) return 0;
  if (day >= *item.finish_day) return 100;
  return 100.0 * (day - *item.start_day + 1) / days_of(item);
}

std::optional<int> variance_of(const ScheduledItem& item, const ItemFigures& figures, int as_of) {
  if (figures.actual_finish) return *figures.actual_finish - *item.finish_day;
  if (figures.actual <= 0 && as_of < *item.start_day) return 0;
  // On the morning of which day should it have been as far as it is?
  const double position = *item.start_day + figures.actual / 100.0 * days_of(item);
  return rounded(as_of - position);
}

void add_planned(PlanFigures& figures, std::span<const ScheduledItem> items) {
  const std::size_t days = static_cast<std::size_t>(*figures.last_day - *figures.first_day) + 1;
  // The curve's slope changes where an item begins and after it ends.
  std::vector<double> slope_change(days + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_counted(items[i])) continue;
    const double slope = 100.0 * figures.items[i].weight / days_of(items[i]);
    slope_change[static_cast<std::size_t>(*items[i].start_day - *figures.first_day)] += slope;
    slope_change[static_cast<std::size_t>(*items[i].finish_day - *figures.first_day) + 1] -= slope;
  }
  figures.planned_curve.resize(days);
  double slope = 0;
  double percent = 0;
  for (std::size_t day = 0; day < days; ++day) {
    slope += slope_change[day];
    percent += slope;
    figures.planned_curve[day] = std::clamp(percent, 0.0, 100.0);
  }
  figures.planned_curve.back() = 100;
}

void add_actual(PlanFigures& figures, const std::vector<SeenProgress>& seen, int as_of) {
  const int first = *figures.first_day;
  if (as_of < first) return;
  figures.actual_curve.resize(static_cast<std::size_t>(as_of - first) + 1);
  std::vector<double> latest(figures.items.size());
  double percent = 0;
  std::size_t next = 0;
  for (std::size_t day = 0; day < figures.actual_curve.size(); ++day) {
    for (; next < seen.size() && seen[next].day <= first + static_cast<int>(day); ++next) {
      const SeenProgress& one = seen[next];
      percent += figures.items[one.item].weight * (one.percentage - latest[one.item]);
      latest[one.item] = one.percentage;
    }
    figures.actual_curve[day] = std::clamp(percent, 0.0, 100.0);
  }
}

// For how many planned days the work seen would have been enough (earned schedule).
double earned_days(const std::vector<double>& planned, double actual) {
  if (actual <= kTiny) return 0;
  const auto beyond = std::upper_bound(planned.begin(), planned.end(), actual + kTiny);
  if (beyond == planned.end()) return static_cast<double>(planned.size());
  const double before = beyond == planned.begin() ? 0 : *std::prev(beyond);
  return static_cast<double>(beyond - planned.begin()) + (actual - before) / (*beyond - before);
}

void add_forecast(PlanFigures& figures, int as_of) {
  const bool any = std::any_of(figures.items.begin(), figures.items.end(),
                               [](const ItemFigures& item) { return item.counted; });
  const bool finished =
      any && std::all_of(figures.items.begin(), figures.items.end(), [](const ItemFigures& item) {
        return !item.counted || item.actual_finish.has_value();
      });
  if (finished) {
    int last = *figures.first_day;
    for (const ItemFigures& item : figures.items) {
      if (item.counted) last = std::max(last, *item.actual_finish);
    }
    figures.basis = ForecastBasis::kFinished;
    figures.forecast_day = last;
    figures.variance_days = last - *figures.last_day;
    return;
  }
  const int elapsed = as_of - *figures.first_day;
  if (elapsed <= 0) {
    figures.basis = ForecastBasis::kNotBegun;
    return;
  }
  const double earned = earned_days(figures.planned_curve, figures.actual);
  figures.variance_days = rounded(elapsed - earned);
  figures.basis = earned > 0 ? ForecastBasis::kEarnedSchedule : ForecastBasis::kNothingSeen;
  if (earned <= 0) return;
  const double duration = static_cast<double>(figures.planned_curve.size()) * elapsed / earned;
  if (duration > kLongestForecast) return;
  figures.forecast_day =
      std::max(as_of, *figures.first_day + static_cast<int>(std::ceil(duration - kTiny)) - 1);
}

}  // namespace

std::string_view name_of(ForecastBasis basis) {
  switch (basis) {
    case ForecastBasis::kEarnedSchedule: return "earned_schedule";
    case ForecastBasis::kFinished: return "finished";
    case ForecastBasis::kNotBegun: return "not_begun";
    case ForecastBasis::kNothingSeen: return "nothing_seen";
  }
  return "";
}

PlanFigures plan_figures(std::span<const ScheduledItem> items, std::vector<SeenProgress> seen,
                         int as_of) {
  PlanFigures figures;
  figures.items.resize(items.size());
  const auto weights = weights_of(items, figures.weighted_by_sheet);
  std::erase_if(seen, [&](const SeenProgress& one) { return one.day > as_of; });
  std::stable_sort(seen.begin(), seen.end(),
                   [](const SeenProgress& a, const SeenProgress& b) { return a.day < b.day; });
  for (const SeenProgress& one : seen) {
    ItemFigures& item = figures.items[one.item];
    item.actual = one.percentage;
    if (one.percentage > 0 && !item.actual_start) item.actual_start = one.day;
    if (one.percentage < 100) item.actual_finish.reset();
    if (one.percentage >= 100 && !item.actual_finish) item.actual_finish = one.day;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_counted(items[i])) continue;
    ItemFigures& item = figures.items[i];
    item.counted = true;
    item.weight = weights[i];
    item.planned = planned_at_end_of(items[i], as_of - 1);
    item.variance_days = variance_of(items[i], item, as_of);
    figures.planned += item.weight * item.planned;
    figures.actual += item.weight * item.actual;
    const auto earliest =
        std::min(figures.first_day.value_or(*items[i].start_day), *items[i].start_day);
    const auto latest =
        std::max(figures.last_day.value_or(*items[i].finish_day), *items[i].finish_day);
    figures.first_day = earliest;
    figures.last_day = latest;
  }
  if (!figures.first_day) return figures;
  add_planned(figures, items);
  add_actual(figures, seen, as_of);
  add_forecast(figures, as_of);
  return figures;
}

}  // namespace sitecast::hub
