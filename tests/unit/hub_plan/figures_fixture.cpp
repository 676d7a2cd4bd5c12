// SPDX-License-Identifier: Apache-2.0
// sitecast-plan-figures SHEET SEEN AS_OF: the figures of a sheet as JSON. SEEN: lines of "row day
// percentage", the row of the sheet, the day counted from 1970-01-01.
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "hub/plan/plan_lines.h"
#include "hub/plan/read_plan.h"
#include "proto/base/file.h"

using namespace sitecast;
using namespace sitecast::hub;

namespace {

template <typename T>
nlohmann::json maybe(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto bytes = read_file(argv[1], kPlanFileBytes);
  PlanSheet sheet;
  if (!bytes.ok() || read_plan(*bytes, {}, sheet)) return 1;
  const v1::PlanPart lines = reading_of(sheet, "").lines;
  std::map<std::uint32_t, std::uint32_t> item_of;
  for (int i = 0; i < lines.lines().size(); ++i) {
    item_of[lines.lines(i).source_row()] = static_cast<std::uint32_t>(i);
  }
  std::vector<SeenProgress> seen;
  std::ifstream file(argv[2]);
  std::uint32_t row = 0;
  int day = 0;
  double percentage = 0;
  while (file >> row >> day >> percentage) seen.push_back({item_of.at(row), day, percentage});
  const PlanFigures figures = plan_figures(scheduled(lines), std::move(seen), std::stoi(argv[3]));
  nlohmann::json items = nlohmann::json::object();
  for (int i = 0; i < lines.lines().size(); ++i) {
    const ItemFigures& item = figures.items[static_cast<std::size_t>(i)];
    if (!item.counted) continue;
    items[std::to_string(lines.lines(i).source_row())] = {
        {"planned", item.planned},
        {"actual", item.actual},
        {"actual_start", maybe(item.actual_start)},
        {"actual_finish", maybe(item.actual_finish)},
        {"variance_days", maybe(item.variance_days)}};
  }
  std::cout << nlohmann::json{{"items", items},
                              {"first_day", maybe(figures.first_day)},
                              {"last_day", maybe(figures.last_day)},
                              {"planned", figures.planned},
                              {"actual", figures.actual},
                              {"variance_days", maybe(figures.variance_days)},
                              {"basis", name_of(figures.basis)},
                              {"forecast_day", maybe(figures.forecast_day)},
                              {"planned_curve", figures.planned_curve},
                              {"actual_curve", figures.actual_curve}}
            << "\n";
  return 0;
}
