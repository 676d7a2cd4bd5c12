// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/mspdi_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "hub/plan/plain_text.h"
#include "hub/plan/xml_reader.h"

namespace sitecast::hub {
namespace {

constexpr double kMinutesPerCalendarDay = 1'440;

struct Link {
  std::string predecessor;  // UID
  std::string type = "1";
  std::string lag;
  std::string lag_format;
};

struct Task {
  std::map<std::string, std::string, std::less<>> values;
  std::vector<Link> links;
  std::string baseline_start, baseline_finish;

  [[nodiscard]] std::string_view value(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? std::string_view() : std::string_view(found->second);
  }
  [[nodiscard]] bool is(std::string_view name) const {
    return is_any(trimmed(value(name)), {"1", "true"});
  }
};

struct FieldOfElement {
  std::string_view element;
  PlanField field;
};
constexpr std::array kElements = {FieldOfElement{"UID", PlanField::kNone},
                                  FieldOfElement{"ID", PlanField::kNumber},
                                  FieldOfElement{"Name", PlanField::kName},
                                  FieldOfElement{"WBS", PlanField::kWbs},
                                  FieldOfElement{"OutlineNumber", PlanField::kNone},
                                  FieldOfElement{"OutlineLevel", PlanField::kLevel},
                                  FieldOfElement{"Start", PlanField::kStart},
                                  FieldOfElement{"Finish", PlanField::kFinish},
                                  FieldOfElement{"Duration", PlanField::kDuration},
                                  FieldOfElement{"DurationFormat", PlanField::kNone},
                                  FieldOfElement{"Milestone", PlanField::kMilestone},
                                  FieldOfElement{"Summary", PlanField::kNone},
                                  FieldOfElement{"IsNull", PlanField::kNone},
                                  FieldOfElement{"PercentComplete", PlanField::kPercent},
                                  FieldOfElement{"ActualStart", PlanField::kActualStart},
                                  FieldOfElement{"ActualFinish", PlanField::kActualFinish},
                                  FieldOfElement{"Notes", PlanField::kRemark}};

bool is_wanted(std::string_view element) {
  return std::any_of(kElements.begin(), kElements.end(),
                     [&](const FieldOfElement& one) { return one.element == element; });
}

// Only the elements that a plan has, at their places; everything else is passed over.
class TaskReader : public XmlHandler {
 public:
  void open(std::string_view name, const std::vector<XmlAttribute>&) override {
    path_.emplace_back(name);
    text_.clear();
    if (path_.size() == 3 && is_task()) {
      if (tasks.size() >= kPlanRows) {
        refusal_ = PlanNote{PlanNoteCode::kTooManyRows, {std::to_string(kPlanRows)}};
        return;
      }
      tasks.emplace_back();
    }
    if (path_.size() == 4 && is_task()) {
      link_ = Link();
      baseline_.clear();
    }
  }

  void text(std::string_view text) override {
    if (text_.size() <= kPlanCellBytes) text_ += text;
  }

  void close(std::string_view name) override {
    if (path_.size() == 2) {
      if (name == "Title" || name == "Name" || name == "MinutesPerDay") {
        project[std::string(name)] = text_;
      }
    } else if (is_task() && path_.size() == 4) {
      close_task_value(name);
    } else if (is_task() && path_.size() == 5) {
      close_inner_value(name);
    }
    path_.pop_back();
    text_.clear();
  }

  [[nodiscard]] const std::optional<PlanNote>& refusal() const override { return refusal_; }

  std::map<std::string, std::string, std::less<>> project;
  std::vector<Task> tasks;

 private:
  [[nodiscard]] bool is_task() const {
    return path_.size() >= 3 && path_[1] == "Tasks" && path_[2] == "Task";
  }

  void close_task_value(std::string_view name) {
    Task& task = tasks.back();
    if (name == "PredecessorLink") {
      if (++links_ > kPlanLinks) {
        refusal_ = PlanNote{PlanNoteCode::kTooManyLinks, {std::to_string(kPlanLinks)}};
        return;
      }
      task.links.push_back(std::move(link_));
    } else if (name == "Baseline") {
      if (trimmed(baseline_["Number"]) == "0") {
        task.baseline_start = baseline_["Start"];
        task.baseline_finish = baseline_["Finish"];
      }
    } else if (is_wanted(name)) {
      task.values.emplace(name, text_);
    }
  }

  void close_inner_value(std::string_view name) {
    if (path_[3] == "PredecessorLink") {
      if (name == "PredecessorUID") link_.predecessor = text_;
      if (name == "Type") link_.type = text_;
      if (name == "LinkLag") link_.lag = text_;
      if (name == "LagFormat") link_.lag_format = text_;
    } else if (path_[3] == "Baseline" && is_any(name, {"Number", "Start", "Finish"})) {
      baseline_[std::string(name)] = text_;
    }
  }

  std::vector<std::string> path_;
  std::string text_;
  Link link_;
  std::map<std::string, std::string, std::less<>> baseline_;
  std::optional<PlanNote> refusal_;
  std::size_t links_ = 0;
};

// 2006-09-21T08:00:00; the time of day is not kept.
std::optional<PlanDate> iso_date(std::string_view text) {
  const std::string date(trimmed(text));
  if (date.size() < 10 || date[4] != '-' || date[7] != '-' ||
      (date.size() > 10 && date[10] != 'T')) {
    return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t size) {
    int number = -1;
    const char* begin = date.data() + at;
    const auto read = std::from_chars(begin, begin + size, number);
    return read.ptr == begin + size ? number : -1;
  };
  return plan_date(part(0, 4), part(5, 2), part(8, 2));
}

// PT40H0M0S, also with days: P1DT8H.
std::optional<double> iso_minutes(std::string_view text) {
  const std::string_view duration = trimmed(text);
  if (!duration.starts_with("P") || duration.size() > 40) return std::nullopt;
  double minutes = 0;
  bool in_time = false;
  bool any = false;
  for (std::size_t at = 1; at < duration.size();) {
    if (duration[at] == 'T') {
      in_time = true;
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < duration.size() &&
           ((duration[end] >= '0' && duration[end] <= '9') || duration[end] == '.')) {
      ++end;
    }
    const auto number = number_in(duration.substr(at, end - at));
    if (!number || end >= duration.size()) return std::nullopt;
    switch (duration[end]) {
      case 'D': minutes += *number * kMinutesPerCalendarDay; break;
      case 'H': minutes += *number * 60; break;
      case 'M':
        if (!in_time) return std::nullopt;
        minutes += *number;
        break;
      case 'S': minutes += *number / 60; break;
      default: return std::nullopt;
    }
    any = true;
    at = end + 1;
  }
  return any ? std::optional(minutes) : std::nullopt;
}

// Project's formats of durations and lags: even ones up to 12, and the same plus 32, are elapsed.
bool is_elapsed(std::string_view format) {
  const auto number = number_in(format);
  if (!number) return false;
  const int of = static_cast<int>(*number) & 31;
  return (of >= 4 && of <= 12 && of % 2 == 0) || of == 20;
}

class MspdiPlan {
 public:
  MspdiPlan(TaskReader& read, PlanSheet& sheet) : read_(read), sheet_(sheet) {}

  std::optional<PlanNote> make() {
    const auto minutes = number_in(read_.project["MinutesPerDay"]);
    if (minutes && *minutes >= 1 && *minutes <= kMinutesPerCalendarDay) minutes_per_day_ = *minutes;
    sheet_.notes.push_back({PlanNoteCode::kHoursPerDay, {number_text(minutes_per_day_ / 60)}});
    const std::string& title = read_.project["Title"];
    sheet_.title = trimmed(title).empty() ? read_.project["Name"] : title;
    for (std::size_t index = 0; index < read_.tasks.size(); ++index) add_task(index);
    if (sheet_.items.empty()) return PlanNote{PlanNoteCode::kNoTasks, {}};
    for (const auto& [item, task] : task_of_item_) add_links(item, *task);
    state_columns();
    finish_items(sheet_);
    return std::nullopt;
  }

 private:
  void use(PlanField field) { used_.insert(field); }

  void add_task(std::size_t index) {
    const Task& task = read_.tasks[index];
    const auto id = number_in(task.value("ID"));
    const auto row = id && *id >= 0 && *id < 1e9 ? static_cast<std::uint32_t>(*id)
                                                 : static_cast<std::uint32_t>(index + 1);
    const std::string name(trimmed(task.value("Name")));
    const auto skip = [&](PlanNoteCode why) {
      sheet_.skipped.push_back({row, {why, {}}, std::string(beginning(name, 120))});
    };
    if (task.is("IsNull")) return skip(PlanNoteCode::kRowBlank);
    const auto level = number_in(task.value("OutlineLevel"));
    if (level == 0.0 && trimmed(task.value("ID")) == "0") return skip(PlanNoteCode::kRowProject);
    if (name.empty()) return skip(PlanNoteCode::kRowNoName);
    if (name.size() > kPlanCellBytes) return skip(PlanNoteCode::kTextTooLong);
    PlanItem item;
    item.source_row = row;
    item.name = name;
    item.number = trimmed(task.value("ID"));
    item.wbs = trimmed(task.value("WBS"));
    item.remark = beginning(trimmed(task.value("Notes")), kPlanCellBytes);
    item.summary = task.is("Summary");
    item.milestone = task.is("Milestone");
    if (level && *level >= 1 && *level <= kPlanLevels) {
      item.level = static_cast<std::uint32_t>(*level);
    } else {
      lose(item, PlanField::kLevel, PlanNoteCode::kLevelUnknown, task.value("OutlineLevel"));
    }
    item.start = read_date(item, PlanField::kStart, task.value("Start"));
    item.finish = read_date(item, PlanField::kFinish, task.value("Finish"));
    item.baseline_start = read_date(item, PlanField::kBaselineStart, task.baseline_start);
    item.baseline_finish = read_date(item, PlanField::kBaselineFinish, task.baseline_finish);
    item.actual_start = read_date(item, PlanField::kActualStart, task.value("ActualStart"));
    item.actual_finish = read_date(item, PlanField::kActualFinish, task.value("ActualFinish"));
    read_duration(item, task);
    read_percent(item, task);
    const auto known = item_of_uid_.emplace(trimmed(task.value("UID")), sheet_.items.size());
    if (!known.second) doubled_.insert(known.first->first);
    task_of_item_.emplace_back(sheet_.items.size(), &task);
    sheet_.items.push_back(std::move(item));
  }

  static void lose(PlanItem& item, PlanField field, PlanNoteCode code, std::string_view text) {
    item.notes.push_back({field, {code, {std::string(beginning(trimmed(text), 80))}}});
  }

  std::optional<PlanDate> read_date(PlanItem& item, PlanField field, std::string_view text) {
    if (trimmed(text).empty()) return std::nullopt;
    use(field);
    const auto date = iso_date(text);
    if (!date) lose(item, field, PlanNoteCode::kDateUnknown, text);
    return date;
  }

  void read_duration(PlanItem& item, const Task& task) {
    const std::string_view text = task.value("Duration");
    if (trimmed(text).empty()) return;
    const auto minutes = iso_minutes(text);
    if (!minutes) return lose(item, PlanField::kDuration, PlanNoteCode::kDurationUnknown, text);
    const bool elapsed = is_elapsed(task.value("DurationFormat"));
    item.duration_days = *minutes / (elapsed ? kMinutesPerCalendarDay : minutes_per_day_);
    if (elapsed) item.notes.push_back({PlanField::kDuration, {PlanNoteCode::kElapsed, {}}});
  }

  void read_percent(PlanItem& item, const Task& task) {
    const std::string_view text = task.value("PercentComplete");
    if (trimmed(text).empty()) return;
    const auto percent = number_in(text);
    if (!percent) return lose(item, PlanField::kPercent, PlanNoteCode::kPercentUnknown, text);
    if (*percent < 0 || *percent > 100) {
      return lose(item, PlanField::kPercent, PlanNoteCode::kPercentOutside, text);
    }
    item.percent = *percent;
  }

  void add_links(std::size_t index, const Task& task) {
    constexpr std::array<std::string_view, 4> kTypes = {"FF", "FS", "SF", "SS"};
    PlanItem& item = sheet_.items[index];
    for (const Link& link : task.links) {
      use(PlanField::kPredecessors);
      const std::string uid(trimmed(link.predecessor));
      const auto lose_link = [&](PlanNoteCode code) {
        lose(item, PlanField::kPredecessors, code, "UID " + uid);
      };
      const auto found = item_of_uid_.find(uid);
      const std::string_view type = trimmed(link.type);
      if (type.size() != 1 || type[0] < '0' || type[0] > '3') {
        lose_link(PlanNoteCode::kLinkUnreadable);
      } else if (found == item_of_uid_.end()) {
        lose_link(PlanNoteCode::kLinkUnknown);
      } else if (doubled_.contains(uid)) {
        lose_link(PlanNoteCode::kLinkAmbiguous);
      } else if (found->second == index) {
        lose_link(PlanNoteCode::kLinkItself);
      } else {
        PlanLink& added = item.predecessors.emplace_back();
        added.item = static_cast<std::uint32_t>(found->second);
        added.text = sheet_.items[found->second].number;
        added.type = kTypes[static_cast<std::size_t>(type[0] - '0')];
        read_lag(item, link, added);
      }
    }
  }

  // Lags are in tenths of a minute; formats 19 and 20 are percent of the predecessor's duration.
  void read_lag(PlanItem& item, const Link& link, PlanLink& added) {
    const auto lag = number_in(link.lag);
    if (!lag || *lag == 0) return;
    const std::string_view format = trimmed(link.lag_format);
    if (is_any(format, {"19", "20", "51", "52"})) {
      return lose(item, PlanField::kPredecessors, PlanNoteCode::kLagPercent, link.lag + "%");
    }
    const bool elapsed = is_elapsed(format);
    added.lag_days = *lag / 10 / (elapsed ? kMinutesPerCalendarDay : minutes_per_day_);
    if (elapsed) item.notes.push_back({PlanField::kPredecessors, {PlanNoteCode::kElapsed, {}}});
  }

  void state_columns() {
    for (const FieldOfElement& one : kElements) {
      if (one.field == PlanField::kNone) continue;
      const bool any = std::any_of(read_.tasks.begin(), read_.tasks.end(), [&](const Task& task) {
        return !task.value(one.element).empty();
      });
      if (any)
        sheet_.columns.push_back(
            {std::string(one.element), std::string(one.element), one.field, {}});
    }
    const auto add = [&](PlanField field, const char* element) {
      if (used_.contains(field)) sheet_.columns.push_back({element, element, field, {}});
    };
    add(PlanField::kPredecessors, "PredecessorLink");
    add(PlanField::kBaselineStart, "Baseline/Start");
    add(PlanField::kBaselineFinish, "Baseline/Finish");
    if (used_.contains(PlanField::kBaselineStart)) {
      sheet_.notes.push_back({PlanNoteCode::kBaselineOf, {}});
    }
  }

  TaskReader& read_;
  PlanSheet& sheet_;
  double minutes_per_day_ = 480;
  std::unordered_map<std::string, std::size_t> item_of_uid_;
  std::set<std::string> doubled_;
  std::vector<std::pair<std::size_t, const Task*>> task_of_item_;
  std::set<PlanField> used_;
};

}  // namespace

std::optional<PlanNote> read_mspdi(ByteView file, PlanSheet& sheet) {
  TaskReader read;
  if (auto refusal = read_xml(file, read)) return refusal;
  sheet.format = "mspdi";
  return MspdiPlan(read, sheet).make();
}

}  // namespace sitecast::hub
