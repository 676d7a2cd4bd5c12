// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/xer_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "hub/plan/cell_values.h"
#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kFields = 512;
constexpr std::size_t kRecords = 200'000;  // of the tables that are read

struct Table {
  std::vector<std::string> fields;
  std::vector<std::vector<std::string_view>> records;
  std::vector<std::uint32_t> lines;

  [[nodiscard]] std::optional<std::size_t> field(std::string_view name) const {
    const auto found = std::find(fields.begin(), fields.end(), name);
    if (found == fields.end()) return std::nullopt;
    return static_cast<std::size_t>(found - fields.begin());
  }
  [[nodiscard]] std::string_view value(std::size_t record, std::string_view name) const {
    const auto index = field(name);
    if (!index || *index >= records[record].size()) return {};
    return trimmed(records[record][*index]);
  }
};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at <= line.size() && fields.size() < kFields;) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

// Views into the text; a line that begins with no % continues a text with line ends in it, of which
// no field that is read has any, so it is passed over.
std::optional<PlanNote> read_tables(std::string_view text, std::map<std::string, Table>& tables) {
  const std::set<std::string_view> wanted = {"PROJECT", "CALENDAR", "PROJWBS", "TASK", "TASKPRED"};
  Table* table = nullptr;
  std::size_t records = 0;
  std::uint32_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    ++number;
    if (line.starts_with("%T\t")) {
      const std::string_view name = trimmed(line.substr(3));
      table = wanted.contains(name) ? &tables[std::string(name)] : nullptr;
    } else if (table != nullptr && line.starts_with("%F\t")) {
      table->fields.clear();
      for (const std::string_view field : split(line.substr(3))) {
        table->fields.emplace_back(trimmed(field));
      }
    } else if (table != nullptr && line.starts_with("%R\t")) {
      if (++records > kRecords) {
        return PlanNote{PlanNoteCode::kTooManyRows, {std::to_string(kRecords)}};
      }
      table->records.push_back(split(line.substr(3)));
      table->lines.push_back(number);
    }
  }
  return std::nullopt;
}

class XerPlan {
 public:
  XerPlan(std::map<std::string, Table>& tables, PlanSheet& sheet)
      : nodes_(tables["PROJWBS"]),
        tasks_(tables["TASK"]),
        links_(tables["TASKPRED"]),
        calendars_(tables["CALENDAR"]),
        projects_(tables["PROJECT"]),
        sheet_(sheet) {}

  std::optional<PlanNote> make() {
    if (tasks_.records.empty()) return PlanNote{PlanNoteCode::kNoTasks, {}};
    if (tasks_.records.size() + nodes_.records.size() > kPlanRows) {
      return PlanNote{PlanNoteCode::kTooManyRows, {std::to_string(kPlanRows)}};
    }
    if (links_.records.size() > kPlanLinks) {
      return PlanNote{PlanNoteCode::kTooManyLinks, {std::to_string(kPlanLinks)}};
    }
    read_calendars();
    if (projects_.records.size() > 1) {
      sheet_.notes.push_back(
          {PlanNoteCode::kSeveralProjects, {std::to_string(projects_.records.size())}});
    }
    order_nodes();
    walk();
    name_orphans();
    add_links();
    state_columns();
    finish_items(sheet_);
    return std::nullopt;
  }

 private:
  struct Node {
    std::size_t record = 0;
    std::vector<std::size_t> children;  // records of nodes
    std::vector<std::size_t> tasks;     // records of tasks
    bool placed = false;
  };

  void read_calendars() {
    for (std::size_t record = 0; record < calendars_.records.size(); ++record) {
      const auto hours = number_in(calendars_.value(record, "day_hr_cnt"));
      if (hours && *hours >= 1 && *hours <= 24) {
        hours_of_[std::string(calendars_.value(record, "clndr_id"))] = *hours;
      }
    }
    std::set<double> all;
    for (const auto& [id, hours] : hours_of_) all.insert(hours);
    if (all.empty()) all.insert(kHoursPerDay);
    std::string text;
    for (const double hours : all) text += (text.empty() ? "" : ", ") + number_text(hours);
    sheet_.notes.push_back({PlanNoteCode::kHoursPerDay, {text}});
  }

  void order_nodes() {
    for (std::size_t record = 0; record < nodes_.records.size(); ++record) {
      nodes_by_id_.emplace(nodes_.value(record, "wbs_id"), nodes_in_.size());
      nodes_in_.push_back({record, {}, {}, false});
    }
    for (std::size_t index = 0; index < nodes_in_.size(); ++index) {
      const auto above = nodes_by_id_.find(nodes_.value(nodes_in_[index].record, "parent_wbs_id"));
      if (above == nodes_by_id_.end()) {
        roots_.push_back(index);
      } else {
        nodes_in_[above->second].children.push_back(index);
      }
    }
    for (std::size_t record = 0; record < tasks_.records.size(); ++record) {
      const auto node = nodes_by_id_.find(tasks_.value(record, "wbs_id"));
      if (node == nodes_by_id_.end()) {
        orphans_.push_back(record);
      } else {
        nodes_in_[node->second].tasks.push_back(record);
      }
    }
    const auto sequence = [&](std::size_t index) {
      return number_in(nodes_.value(nodes_in_[index].record, "seq_num")).value_or(0);
    };
    const auto by_sequence = [&](std::size_t a, std::size_t b) {
      return sequence(a) < sequence(b);
    };
    std::stable_sort(roots_.begin(), roots_.end(), by_sequence);
    for (Node& node : nodes_in_) {
      std::stable_sort(node.children.begin(), node.children.end(), by_sequence);
      std::stable_sort(node.tasks.begin(), node.tasks.end(), [&](std::size_t a, std::size_t b) {
        return tasks_.value(a, "task_code") < tasks_.value(b, "task_code");
      });
    }
  }

  // Depth first with a stack of our own. A node that is its own ancestor is never reached.
  void walk() {
    struct Step {
      std::size_t node;
      std::uint32_t level;
      std::string wbs;
    };
    std::vector<Step> steps;
    for (auto root = roots_.rbegin(); root != roots_.rend(); ++root)
      steps.push_back({*root, 1, {}});
    while (!steps.empty()) {
      Step step = std::move(steps.back());
      steps.pop_back();
      Node& node = nodes_in_[step.node];
      if (node.placed) continue;
      node.placed = true;
      const std::string own(nodes_.value(node.record, "wbs_short_name"));
      step.wbs += (step.wbs.empty() ? "" : ".") + own;
      if (step.wbs.size() > kPlanCellBytes) step.wbs.resize(0);
      add_node(node, step.level, step.wbs);
      for (const std::size_t task : node.tasks) add_task(task, step.level + 1, step.wbs);
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
        steps.push_back({*child, std::min(step.level + 1, kPlanLevels - 1), step.wbs});
      }
    }
  }

  void add_node(const Node& node, std::uint32_t level, const std::string& wbs) {
    PlanItem item;
    item.source_row = nodes_.lines[node.record];
    item.level = level;
    item.wbs = wbs;
    item.name = nodes_.value(node.record, "wbs_name");
    item.summary = true;
    if (item.name.empty()) item.name = nodes_.value(node.record, "wbs_short_name");
    if (!is_named(item)) return;
    item.weight = number_in(nodes_.value(node.record, "est_wt"));
    sheet_.items.push_back(std::move(item));
  }

  bool is_named(const PlanItem& item) {
    if (!item.name.empty() && item.name.size() <= kPlanCellBytes) return true;
    sheet_.skipped.push_back(
        {item.source_row,
         {item.name.empty() ? PlanNoteCode::kRowNoName : PlanNoteCode::kTextTooLong,
          {std::to_string(kPlanCellBytes)}},
         std::string(beginning(item.name, 120))});
    return false;
  }

  void add_task(std::size_t record, std::uint32_t level, const std::string& wbs) {
    PlanItem item;
    item.source_row = tasks_.lines[record];
    item.level = level;
    item.wbs = wbs;
    item.number = tasks_.value(record, "task_code");
    item.name = tasks_.value(record, "task_name");
    if (!is_named(item)) return;
    const std::string_view type = tasks_.value(record, "task_type");
    item.milestone = is_any(type, {"TT_Mile", "TT_FinMile"});
    item.start = read_date(item, PlanField::kStart, record, "target_start_date");
    item.finish = read_date(item, PlanField::kFinish, record, "target_end_date");
    // A milestone has one of the two.
    if (item.milestone && !item.start) item.start = item.finish;
    if (item.milestone && !item.finish) item.finish = item.start;
    item.actual_start = read_date(item, PlanField::kActualStart, record, "act_start_date");
    item.actual_finish = read_date(item, PlanField::kActualFinish, record, "act_end_date");
    item.weight = number_in(tasks_.value(record, "est_wt"));
    const auto hours = hours_of_.find(std::string(tasks_.value(record, "clndr_id")));
    const double per_day = hours == hours_of_.end() ? kHoursPerDay : hours->second;
    const std::string_view duration = tasks_.value(record, "target_drtn_hr_cnt");
    if (const auto count = number_in(duration); count && *count >= 0) {
      item.duration_days = *count / per_day;
    } else if (!duration.empty()) {
      lose(item, PlanField::kDuration, PlanNoteCode::kDurationUnknown, duration);
    }
    read_percent(item, record);
    const std::string id(tasks_.value(record, "task_id"));
    if (!items_by_task_.emplace(id, Placed{sheet_.items.size(), per_day}).second) {
      doubled_.insert(id);
    }
    sheet_.items.push_back(std::move(item));
  }

  static void lose(PlanItem& item, PlanField field, PlanNoteCode code, std::string_view text) {
    item.notes.push_back({field, {code, {std::string(beginning(text, 80))}}});
  }

  // 2015-02-24 08:00; the time of day is not kept.
  std::optional<PlanDate> read_date(PlanItem& item, PlanField field, std::size_t record,
                                    std::string_view name) {
    const std::string_view text = tasks_.value(record, name);
    if (text.empty()) return std::nullopt;
    const DateText date = read_date_text(text);
    if (date.kind == DateText::Kind::kFull && date.date) return date.date;
    lose(item, field, PlanNoteCode::kDateUnknown, text);
    return std::nullopt;
  }

  // As P6 shows it: by the activity's own kind of percentage.
  void read_percent(PlanItem& item, std::size_t record) {
    const auto number = [&](std::string_view name) {
      return number_in(tasks_.value(record, name));
    };
    const std::string_view status = tasks_.value(record, "status_code");
    const std::string_view kind = tasks_.value(record, "complete_pct_type");
    std::optional<double> percent;
    if (kind == "CP_Phys") {
      percent = number("phys_complete_pct");
    } else if (status == "TK_NotStart") {
      percent = 0;
    } else if (status == "TK_Complete") {
      percent = 100;
    } else if (kind == "CP_Drtn") {
      const auto target = number("target_drtn_hr_cnt");
      const auto remaining = number("remain_drtn_hr_cnt");
      if (target && remaining && *target > 0) percent = (*target - *remaining) / *target * 100;
      if (percent && *percent < 0) percent = 0;  // it takes longer than planned
    } else if (kind == "CP_Units") {
      const double done = number("act_work_qty").value_or(0) + number("act_equip_qty").value_or(0);
      const double left =
          number("remain_work_qty").value_or(0) + number("remain_equip_qty").value_or(0);
      percent = done + left > 0 ? done / (done + left) * 100 : 0;
    }
    if (!percent) return;
    if (*percent < 0 || *percent > 100) {
      return lose(item, PlanField::kPercent, PlanNoteCode::kPercentOutside, number_text(*percent));
    }
    item.percent = percent;
  }

  void name_orphans() {
    for (const std::size_t record : orphans_) name_orphan(record);
    for (const Node& node : nodes_in_) {
      if (node.placed) continue;
      sheet_.skipped.push_back(
          {nodes_.lines[node.record],
           {PlanNoteCode::kRowOrphan, {"WBS"}},
           std::string(beginning(nodes_.value(node.record, "wbs_name"), 120))});
      for (const std::size_t record : node.tasks) name_orphan(record);
    }
  }

  void name_orphan(std::size_t record) {
    sheet_.skipped.push_back({tasks_.lines[record],
                              {PlanNoteCode::kRowOrphan, {"WBS"}},
                              std::string(beginning(tasks_.value(record, "task_name"), 120))});
  }

  void add_links() {
    for (std::size_t record = 0; record < links_.records.size(); ++record) {
      const std::string before(links_.value(record, "pred_task_id"));
      const auto after = items_by_task_.find(std::string(links_.value(record, "task_id")));
      if (after == items_by_task_.end()) continue;
      PlanItem& item = sheet_.items[after->second.item];
      const auto found = items_by_task_.find(before);
      const std::string_view type = links_.value(record, "pred_type");
      if (found == items_by_task_.end()) {
        lose(item, PlanField::kPredecessors, PlanNoteCode::kLinkUnknown, "task_id " + before);
      } else if (doubled_.contains(before)) {
        lose(item, PlanField::kPredecessors, PlanNoteCode::kLinkAmbiguous, "task_id " + before);
      } else if (found->second.item == after->second.item) {
        lose(item, PlanField::kPredecessors, PlanNoteCode::kLinkItself, item.number);
      } else if (!is_any(type, {"PR_FS", "PR_SS", "PR_FF", "PR_SF"})) {
        lose(item, PlanField::kPredecessors, PlanNoteCode::kLinkUnreadable, type);
      } else {
        const PlanItem& predecessor = sheet_.items[found->second.item];
        const double lag = number_in(links_.value(record, "lag_hr_cnt")).value_or(0);
        item.predecessors.push_back({predecessor.number,
                                     static_cast<std::uint32_t>(found->second.item),
                                     std::string(type.substr(3)), lag / found->second.hours_a_day});
      }
    }
  }

  void state_columns() {
    const auto add = [&](const Table& table, const char* name, const char* element,
                         PlanField field) {
      if (!table.field(name) || table.records.empty()) return;
      sheet_.columns.push_back({element, name, field, {}});
    };
    add(tasks_, "task_code", "TASK", PlanField::kNumber);
    add(tasks_, "task_name", "TASK", PlanField::kName);
    add(nodes_, "wbs_short_name", "PROJWBS", PlanField::kWbs);
    add(tasks_, "target_start_date", "TASK", PlanField::kStart);
    add(tasks_, "target_end_date", "TASK", PlanField::kFinish);
    add(tasks_, "act_start_date", "TASK", PlanField::kActualStart);
    add(tasks_, "act_end_date", "TASK", PlanField::kActualFinish);
    add(tasks_, "target_drtn_hr_cnt", "TASK", PlanField::kDuration);
    add(tasks_, "complete_pct_type", "TASK", PlanField::kPercent);
    add(tasks_, "task_type", "TASK", PlanField::kMilestone);
    add(tasks_, "est_wt", "TASK", PlanField::kWeight);
    add(links_, "pred_task_id", "TASKPRED", PlanField::kPredecessors);
  }

  struct Placed {
    std::size_t item;
    double hours_a_day;
  };

  Table& nodes_;
  Table& tasks_;
  Table& links_;
  Table& calendars_;
  Table& projects_;
  PlanSheet& sheet_;
  std::map<std::string, double> hours_of_;
  std::vector<Node> nodes_in_;
  std::unordered_map<std::string_view, std::size_t> nodes_by_id_;
  std::vector<std::size_t> roots_;
  std::vector<std::size_t> orphans_;
  std::unordered_map<std::string, Placed> items_by_task_;
  std::unordered_set<std::string> doubled_;
};

}  // namespace

std::optional<PlanNote> read_xer(std::string_view text, PlanSheet& sheet) {
  std::map<std::string, Table> tables;
  if (auto refusal = read_tables(text, tables)) return refusal;
  sheet.format = "xer";
  return XerPlan(tables, sheet).make();
}

}  // namespace sitecast::hub
