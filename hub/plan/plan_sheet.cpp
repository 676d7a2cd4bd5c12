// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

struct FieldNames {
  std::string_view name, zh, en;
};
constexpr std::array<FieldNames, kPlanFields> kFieldNames = {{
    {"", "", ""},
    {"number", "编号", "number"},
    {"wbs", "WBS 编码", "WBS"},
    {"level", "大纲级别", "outline level"},
    {"name", "任务名称", "name"},
    {"area", "区域", "area"},
    {"planned_start", "计划开始", "planned start"},
    {"planned_finish", "计划完成", "planned finish"},
    {"duration", "工期", "duration"},
    {"percent", "完成百分比", "percent complete"},
    {"milestone", "里程碑", "milestone"},
    {"predecessors", "前置任务", "predecessors"},
    {"weight", "权重", "weight"},
    {"baseline_start", "基线开始", "baseline start"},
    {"baseline_finish", "基线完成", "baseline finish"},
    {"actual_start", "实际开始", "actual start"},
    {"actual_finish", "实际完成", "actual finish"},
    {"responsible", "责任人", "responsible"},
    {"remark", "备注", "remark"},
}};

void order_levels(PlanSheet& sheet) {
  std::uint32_t above = 0;
  for (PlanItem& item : sheet.items) {
    if (item.level > above + 1 || item.level < 1) {
      const std::uint32_t level = std::max(1U, std::min(item.level, above + 1));
      item.notes.push_back(
          {PlanField::kLevel,
           {PlanNoteCode::kLevelJump, {std::to_string(item.level), std::to_string(level)}}});
      item.level = level;
    }
    above = item.level;
  }
  for (std::size_t index = 0; index + 1 < sheet.items.size(); ++index) {
    sheet.items[index].summary =
        sheet.items[index].summary || sheet.items[index + 1].level > sheet.items[index].level;
  }
}

void take_back_dates(PlanItem& item, std::optional<PlanDate>& start,
                     std::optional<PlanDate>& finish, PlanField field) {
  if (!start || !finish || *finish >= *start) return;
  item.notes.push_back(
      {field, {PlanNoteCode::kFinishBeforeStart, {text_of(*start), text_of(*finish)}}});
  start.reset();
  finish.reset();
}

void find_milestones(PlanItem& item) {
  if (item.milestone || item.summary) return;
  const bool one_day = item.start && item.finish && *item.start == *item.finish;
  if (item.duration_days == 0.0 && (one_day || !item.start || !item.finish)) {
    item.milestone = true;
    item.notes.push_back({PlanField::kMilestone, {PlanNoteCode::kMilestoneZeroDuration, {}}});
  } else if (has_any(plain(item.name), {"里程碑", "milestone"})) {
    item.milestone = true;
    item.notes.push_back({PlanField::kMilestone, {PlanNoteCode::kMilestoneName, {}}});
  }
}

// The beginning of `name` that names a place of the site: 1#厂房 of 1#厂房基础开挖, Building A.
std::string area_in(std::string_view name) {
  constexpr std::array<std::string_view, 16> kPlaces = {
      "厂房", "车间",   "仓库",   "宿舍楼", "办公楼", "综合楼", "研发楼", "号楼",
      "食堂", "门卫室", "配电房", "水泵房", "室外",   "站房",   "宿舍",   "围墙"};
  std::size_t best = std::string_view::npos;
  for (const std::string_view place : kPlaces) {
    const std::size_t at = name.find(place);
    if (at != std::string_view::npos) best = std::min(best, at + place.size());
  }
  if (best != std::string_view::npos) {
    std::string area(name.substr(0, best));
    const std::size_t mark = area.find("、");  // 一、1#厂房
    if (mark != std::string::npos) area.erase(0, mark + std::string_view("、").size());
    return area.size() <= 60 ? std::string(trimmed(area)) : std::string();
  }
  const std::string small = plain(name);
  for (const std::string_view place : {"building ", "workshop ", "hall ", "warehouse ", "block "}) {
    if (!small.starts_with(place)) continue;
    const std::size_t end = small.find(' ', place.size());
    return std::string(half_width(name)).substr(0, end);
  }
  return {};
}

void guess_areas(PlanSheet& sheet) {
  struct Known {
    std::uint32_t level;
    std::string area;
    std::uint32_t row;
  };
  std::vector<Known> above;
  for (PlanItem& item : sheet.items) {
    while (!above.empty() && above.back().level >= item.level) above.pop_back();
    if (!item.area.empty()) continue;
    const std::string own = area_in(item.name);
    if (!own.empty()) above.push_back({item.level, own, item.source_row});
    if (above.empty()) continue;
    item.area = above.back().area;
    item.area_guessed = true;
    item.notes.push_back(
        {PlanField::kArea,
         {PlanNoteCode::kAreaGuessed, {item.area, std::to_string(above.back().row)}}});
  }
}

void name_doubles(PlanSheet& sheet, bool wbs) {
  std::unordered_map<std::string, std::uint32_t> rows;
  std::vector<std::uint32_t> above = {0};  // rows of the summaries that are open
  for (PlanItem& item : sheet.items) {
    above.resize(item.level, 0);
    const std::string& number = wbs ? item.wbs : item.number;
    if (!number.empty()) {
      // Numbers may begin again under each summary, WBS codes may not.
      const std::string key = wbs ? number : std::to_string(above.back()) + " " + number;
      const auto [known, is_new] = rows.emplace(key, item.source_row);
      if (!is_new) {
        item.notes.push_back(
            {wbs ? PlanField::kWbs : PlanField::kNumber,
             {PlanNoteCode::kNumberTwice, {number, std::to_string(known->second)}}});
      }
    }
    above.push_back(item.source_row);
  }
}

}  // namespace

std::string text_of(PlanDate date) {
  const std::chrono::year_month_day parts(date);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()),
                     static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
}

std::optional<PlanDate> plan_date(int year, int month, int day) {
  if (year < 1950 || year > 2149 || month < 1 || month > 12 || day < 1 || day > 31) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return PlanDate(date);
}

std::string_view name_of(PlanField field) {
  return kFieldNames[static_cast<std::size_t>(field)].name;
}

std::string_view text_of(PlanField field, PlanLanguage language) {
  const FieldNames& names = kFieldNames[static_cast<std::size_t>(field)];
  return language == PlanLanguage::kChinese ? names.zh : names.en;
}

void finish_items(PlanSheet& sheet) {
  order_levels(sheet);
  for (PlanItem& item : sheet.items) {
    take_back_dates(item, item.start, item.finish, PlanField::kFinish);
    take_back_dates(item, item.baseline_start, item.baseline_finish, PlanField::kBaselineFinish);
    take_back_dates(item, item.actual_start, item.actual_finish, PlanField::kActualFinish);
    find_milestones(item);
  }
  guess_areas(sheet);
  name_doubles(sheet, false);
  if (sheet.format != "xer") name_doubles(sheet, true);  // there it is the code of the node above
}

}  // namespace sitecast::hub
