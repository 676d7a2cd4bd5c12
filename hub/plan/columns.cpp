// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/columns.h"

#include <algorithm>
#include <array>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kRowsSearched = 60;

bool names_start(std::string_view key) {
  return has_any(key, {"开始", "开工", "起始", "起止", "进场", "start", "begin"});
}

bool names_finish(std::string_view key) {
  return has_any(key, {"结束", "完成", "竣工", "完工", "终止", "截止", "finish", "completiondate",
                       "complete", "duedate"}) ||
         key.ends_with("end") || has(key, "enddate");
}

bool names_percent(std::string_view key) {
  return has_any(key, {"%", "百分比", "percent", "完成率", "完成比例", "完成进度", "形象进度"}) ||
         is_any(key,
                {"进度", "当前进度", "实际进度", "完成度", "completion", "complete", "progress"});
}

// Without units and remarks in brackets: 工期(天) is 工期. "完成(%)" keeps its sign.
std::string key_of(std::string_view header) {
  const std::string text = squeezed(header);
  std::string key;
  int depth = 0;
  for (const char letter : text) {
    if (letter == '(' || letter == '[') {
      ++depth;
    } else if ((letter == ')' || letter == ']') && depth > 0) {
      --depth;
    } else if (depth == 0 && letter != '_' && letter != ':' && letter != '.' && letter != '/' &&
               letter != '*' && letter != '-') {
      key += letter;
    }
  }
  if (has(text, "(%)") || has(text, "[%]")) key += '%';
  return key.empty() ? text : key;
}

struct HeaderTry {
  SheetHeader header;
  std::size_t fields = 0;
};

// Headings of an upper row stand over the columns to their right until the next one.
std::vector<std::string> spread(const GridRow& row, std::size_t columns) {
  std::vector<std::string> texts(columns);
  for (std::size_t column = 0; column < columns; ++column) {
    const GridCell& cell = row.cell(column);
    if (!cell.is_empty()) {
      texts[column] = cell.text;
    } else if (column > 0) {
      texts[column] = texts[column - 1];
    }
  }
  return texts;
}

// A column of a field that another one has already.
void settle_doubles(std::vector<PlanColumn>& columns) {
  std::array<PlanColumn*, kPlanFields> taken{};
  for (PlanColumn& column : columns) {
    if (column.field == PlanField::kNone) continue;
    PlanColumn*& holder = taken[static_cast<std::size_t>(column.field)];
    if (holder == nullptr) {
      holder = &column;
      continue;
    }
    // 计划开始 goes before 开始, 任务名称 before 工程名称 of the whole project.
    const bool planned = has_any(plain(column.header), {"计划", "planned", "schedule"}) &&
                         !has_any(plain(holder->header), {"计划", "planned", "schedule"});
    PlanColumn* loser = planned ? holder : &column;
    if (planned) holder = &column;
    loser->notes.push_back({PlanNoteCode::kColumnSecond, {holder->place}});
    loser->field = PlanField::kNone;
  }
}

HeaderTry try_rows(const Grid& grid, std::size_t first, std::size_t last) {
  HeaderTry result;
  result.header.first_row = first;
  result.header.last_row = last;
  const GridRow& upper = grid.rows[first];
  const GridRow& lower = grid.rows[last];
  const std::size_t count = std::max(upper.cells.size(), lower.cells.size());
  const std::vector<std::string> above = spread(upper, count);
  for (std::size_t index = 0; index < count; ++index) {
    PlanColumn& column = result.header.columns.emplace_back();
    column.place = column_letters(index);
    const std::string below = lower.cell(index).text;
    if (first == last || below.empty()) {
      column.header = upper.cell(index).text;
    } else if (upper.cell(index).text == below || above[index].empty()) {
      column.header = below;
    } else {
      column.header = above[index] + " " + below;
    }
    column.header = std::string(beginning(one_line(column.header), 200));
    column.field = field_of_header(column.header);
    if (column.field == PlanField::kNone && first != last) column.field = field_of_header(below);
  }
  settle_doubles(result.header.columns);
  for (PlanColumn& column : result.header.columns) {
    if (column.field != PlanField::kNone) {
      ++result.fields;
    } else if (column.notes.empty()) {
      column.notes.push_back({PlanNoteCode::kColumnUnused, {}});
    }
  }
  const SheetHeader& header = result.header;
  if (!header.column_of(PlanField::kName) ||
      (!header.column_of(PlanField::kStart) && !header.column_of(PlanField::kFinish) &&
       !header.column_of(PlanField::kDuration))) {
    result.fields = 0;
  }
  return result;
}

}  // namespace

PlanField field_of_header(std::string_view header) {
  const std::string key = key_of(header);
  if (key.empty() || key.size() > 90) return PlanField::kNone;
  const bool actual = has_any(key, {"实际", "actual"});
  const bool planned = has_any(key, {"计划", "planned", "schedule", "预计", "拟"});
  if (has_any(key, {"权重", "比重", "weight"})) return PlanField::kWeight;
  if (has_any(key, {"工程量",   "数量", "费用",      "造价",     "金额",     "cost",
                    "quantity", "剩余", "remaining", "最早",     "最晚",     "最迟",
                    "early",    "late", "偏差",      "variance", "slack",    "float",
                    "紧后",     "后续", "successor", "critical", "关键线路", "累计"}) ||
      is_any(key, {"单位", "unit"})) {
    return PlanField::kNone;
  }
  if (has_any(key, {"里程碑", "milestone"})) return PlanField::kMilestone;
  if (has_any(key, {"前置", "紧前", "前导", "predecessor", "relationship"})) {
    return PlanField::kPredecessors;
  }
  if (has_any(key, {"大纲级别", "outlinelevel", "hierarchy", "层级"}) ||
      is_any(key, {"级别", "level"})) {
    return PlanField::kLevel;
  }
  if (has_any(key, {"负责", "责任", "施工单位", "responsib", "resource", "assigned", "owner"})) {
    return PlanField::kResponsible;
  }
  if (names_percent(key)) return planned ? PlanField::kNone : PlanField::kPercent;
  const bool start = names_start(key);
  const bool finish = names_finish(key);
  if (has_any(key, {"基线", "比较基准", "baseline"})) {
    if (start != finish) return start ? PlanField::kBaselineStart : PlanField::kBaselineFinish;
    return PlanField::kNone;
  }
  if (has_any(key, {"情况", "status", "状态"})) return PlanField::kNone;
  // 计划工期 开始: the date comes before the duration of the heading above it.
  if (start && finish) return PlanField::kNone;
  if (start || finish) {
    if (actual) return start ? PlanField::kActualStart : PlanField::kActualFinish;
    return start ? PlanField::kStart : PlanField::kFinish;
  }
  if (has_any(key, {"工期", "duration", "持续时间", "历时"}) ||
      is_any(key, {"天数", "计划天数", "days"})) {
    return actual ? PlanField::kNone : PlanField::kDuration;
  }
  if (has_any(key, {"备注", "说明", "remark", "note", "comment"})) return PlanField::kRemark;
  if (has_any(key, {"wbs", "大纲编号", "大纲数字", "outlinenumber", "identification"}) ||
      is_any(key, {"编码", "任务编码", "activitycode"})) {
    return PlanField::kWbs;
  }
  if (is_any(key, {"序号", "编号", "任务编号", "标识号", "no", "id", "#", "s/n", "sn", "activityid",
                   "taskid", "itemno", "item", "序", "number", "№"})) {
    return PlanField::kNumber;
  }
  if (has_any(key,
              {"任务名称", "工作内容", "分部分项", "施工内容", "项目名称", "工程名称", "作业名称",
               "工作名称", "工序名称", "工作项", "施工项目", "分项工程", "工程项目", "任务描述",
               "taskname", "activityname", "activitydescription", "description"}) ||
      is_any(key, {"名称", "任务", "内容", "工序", "工作", "作业", "项目", "事项", "name", "task",
                   "activity", "工作任务"})) {
    return PlanField::kName;
  }
  if (has_any(key, {"区域", "楼栋", "单位工程", "单体", "部位", "厂房", "area", "zone", "building",
                    "location", "block"})) {
    return PlanField::kArea;
  }
  return PlanField::kNone;
}

std::optional<std::size_t> SheetHeader::column_of(PlanField field) const {
  for (std::size_t index = 0; index < columns.size(); ++index) {
    if (columns[index].field == field) return index;
  }
  return std::nullopt;
}

std::optional<SheetHeader> find_header(const Grid& grid) {
  HeaderTry best;
  const std::size_t rows = std::min(grid.rows.size(), kRowsSearched);
  for (std::size_t row = 0; row < rows; ++row) {
    HeaderTry one = try_rows(grid, row, row);
    if (one.fields > best.fields) best = std::move(one);
  }
  for (std::size_t row = 0; row + 1 < rows; ++row) {
    HeaderTry two = try_rows(grid, row, row + 1);
    if (two.fields > best.fields) best = std::move(two);
  }
  if (best.fields == 0) return std::nullopt;
  // Headings that are merged downwards are whole in their last row; the first is where they begin.
  for (const GridCell& cell : grid.rows[best.header.last_row].cells) {
    while (cell.merged_from != 0 && best.header.first_row > 0 &&
           grid.rows[best.header.first_row].source_row > cell.merged_from) {
      --best.header.first_row;
    }
  }
  return std::move(best.header);
}

}  // namespace sitecast::hub
