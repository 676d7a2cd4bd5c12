// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/grid_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "hub/plan/date_context.h"
#include "hub/plan/links.h"
#include "hub/plan/outline.h"
#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::array kDateFields = {PlanField::kStart,         PlanField::kFinish,
                                    PlanField::kBaselineStart, PlanField::kBaselineFinish,
                                    PlanField::kActualStart,   PlanField::kActualFinish};
constexpr std::size_t kRowTextBytes = 120;

std::string own_text(const GridCell& cell) {
  return cell.merged_from == 0 ? one_line(cell.text) : std::string();
}

std::string row_text(const GridRow& row) {
  std::string text;
  for (const GridCell& cell : row.cells) {
    if (cell.is_empty() || cell.merged_from != 0) continue;
    text += (text.empty() ? "" : " | ") + one_line(cell.text);
    if (text.size() > kRowTextBytes) break;
  }
  return std::string(beginning(text, kRowTextBytes));
}

bool is_sum(std::string_view text) {
  std::string word = squeezed(text);
  while (!word.empty() && word.back() == ':') word.pop_back();
  if (is_any(word, {"total", "subtotal", "sub-total", "grandtotal", "sum"})) return true;
  for (const std::string_view sum : {"合计", "小计", "总计", "共计"}) {
    if (word.ends_with(sum) || word.starts_with(std::string(sum) + ":") ||
        word.starts_with(std::string(sum) + "(")) {
      return true;
    }
  }
  return word.starts_with("subtotal") || word.starts_with("total:");
}

bool is_signature(std::string_view text) {
  const std::string line = squeezed(text);
  const std::size_t colon = line.find(':');
  if (line.starts_with("注:") || line.starts_with("注1")) return true;
  if (colon == std::string::npos || colon > 30) return false;
  for (const std::string_view word :
       {"编制", "审核", "审批", "批准", "制表", "校对", "复核", "填表", "备注", "说明", "日期",
        "preparedby", "approvedby", "checkedby", "note"}) {
    if (line.starts_with(word)) return true;
  }
  return false;
}

bool is_plain_number(const GridCell& cell) { return number_in(plain(cell.text)).has_value(); }

// The number of a cell in a percentage column, before its scale is known.
PercentText percent_in(const GridCell& cell) {
  if (cell.kind == GridCell::Kind::kPercent) return {cell.number * 100, true, false};
  if (cell.kind == GridCell::Kind::kNumber) return {cell.number, false, false};
  return read_percent_text(cell.text);
}

class GridPlan {
 public:
  GridPlan(const Grid& grid, const SheetHeader& header, const PlanReadOptions& options,
           PlanSheet& sheet)
      : grid_(grid), header_(header), options_(options), sheet_(sheet) {
    for (std::size_t field = 1; field < kPlanFields; ++field) {
      column_[field] = header.column_of(static_cast<PlanField>(field));
    }
  }

  std::optional<PlanNote> read() {
    sheet_.columns = header_.columns;
    sort_rows();
    look_at_dates();
    look_at_percents();
    look_at_weights();
    look_at_durations();
    look_at_numbers();
    for (const DataRow& row : rows_) {
      add_item(row);
      if (links_.size() > kPlanLinks) {
        return PlanNote{PlanNoteCode::kTooManyLinks, {std::to_string(kPlanLinks)}};
      }
    }
    resolve_links(sheet_, links_);
    finish_items(sheet_);
    return std::nullopt;
  }

 private:
  struct DataRow {
    const GridRow* row;
    std::string name;
    bool section = false;  // its only text is outside the column of names
  };

  [[nodiscard]] const GridCell& cell(const GridRow& row, PlanField field) const {
    static const GridCell kNothing;
    const auto column = column_[static_cast<std::size_t>(field)];
    return column ? row.cell(*column) : kNothing;
  }

  void skip(const GridRow& row, PlanNoteCode why) {
    sheet_.skipped.push_back({row.source_row, {why, {}}, row_text(row)});
  }

  [[nodiscard]] bool repeats_header(const GridRow& row) const {
    for (const std::size_t index : {header_.first_row, header_.last_row}) {
      std::size_t same = 0;
      std::size_t texts = 0;
      const GridRow& headings = grid_.rows[index];
      for (std::size_t column = 0; column < headings.cells.size(); ++column) {
        if (headings.cells[column].is_empty() || headings.cells[column].merged_from != 0) continue;
        ++texts;
        if (row.cell(column).text == headings.cells[column].text) ++same;
      }
      if (texts >= 2 && same == texts) return true;
    }
    return false;
  }

  // The only text of a row, when it stands left of the names: a heading across the row.
  [[nodiscard]] std::string section_text(const GridRow& row) const {
    std::string text;
    const std::size_t name = *column_[static_cast<std::size_t>(PlanField::kName)];
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
      const GridCell& one = row.cells[column];
      if (one.is_empty() || one.merged_from != 0) continue;
      if (!text.empty() || column >= name || is_plain_number(one)) return {};
      text = own_text(one);
    }
    return text;
  }

  void sort_rows() {
    for (std::size_t index = 0; index < grid_.rows.size(); ++index) {
      const GridRow& row = grid_.rows[index];
      if (row.is_empty()) {
        skip(row, PlanNoteCode::kRowBlank);
      } else if (index < header_.first_row) {
        skip(row, PlanNoteCode::kRowTitle);
        if (!title_.empty()) title_ += ' ';
        title_ += row_text(row);
        if (sheet_.title.empty()) sheet_.title = row_text(row);
      } else if (index <= header_.last_row) {
        skip(row, PlanNoteCode::kRowHeader);
      } else {
        sort_data_row(row);
      }
    }
  }

  void sort_data_row(const GridRow& row) {
    const GridCell& name_cell = cell(row, PlanField::kName);
    const std::string name = own_text(name_cell);
    const auto first = std::find_if(row.cells.begin(), row.cells.end(), [](const GridCell& one) {
      return !one.is_empty() && one.merged_from == 0;
    });
    const bool dated =
        !cell(row, PlanField::kStart).is_empty() || !cell(row, PlanField::kFinish).is_empty();
    if (name_cell.kind == GridCell::Kind::kTooLong) {
      sheet_.skipped.push_back({row.source_row,
                                {PlanNoteCode::kTextTooLong, {std::to_string(kPlanCellBytes)}},
                                row_text(row)});
    } else if (repeats_header(row)) {
      skip(row, PlanNoteCode::kRowHeaderAgain);
    } else if (is_sum(name) || is_sum(first->text)) {
      skip(row, PlanNoteCode::kRowSum);
    } else if (!dated && !number_style(own_text(number_cell(row)), true) &&
               is_signature(first->text)) {
      skip(row, PlanNoteCode::kRowSignature);
    } else if (name.empty()) {
      const std::string section = section_text(row);
      if (section.empty()) {
        skip(row, PlanNoteCode::kRowNoName);
      } else if (is_signature(section)) {
        skip(row, PlanNoteCode::kRowSignature);
      } else {
        rows_.push_back({&row, section, true});
      }
    } else {
      rows_.push_back({&row, name});
    }
  }

  [[nodiscard]] static DateText date_in(const GridCell& one) {
    if (one.kind == GridCell::Kind::kDate) {
      DateText date;
      date.kind = DateText::Kind::kFull;
      date.date = one.date;
      return date;
    }
    return read_date_text(one.text);
  }

  void look_at_dates() {
    for (const DataRow& data : rows_) {
      for (const PlanField field : kDateFields) {
        const GridCell& one = cell(*data.row, field);
        if (one.is_empty()) continue;
        const DateText date = date_in(one);
        dates_.add(date, trimmed(one.text), data.row->source_row);
        const auto column = *column_[static_cast<std::size_t>(field)];
        if (date.day_first && day_first_.insert(column).second) {
          sheet_.columns[column].notes.push_back(
              {PlanNoteCode::kColumnDayFirst, {std::string(trimmed(one.text))}});
        }
      }
      dates_.add_item(date_in(cell(*data.row, PlanField::kStart)),
                      date_in(cell(*data.row, PlanField::kFinish)));
    }
    dates_.settle(options_, title_, sheet_.notes);
  }

  void note_column(PlanField field, PlanNote note) {
    sheet_.columns[*column_[static_cast<std::size_t>(field)]].notes.push_back(std::move(note));
  }

  void look_at_percents() {
    for (const DataRow& data : rows_) {
      const GridCell& one = cell(*data.row, PlanField::kPercent);
      if (one.is_empty() || one.merged_from != 0) continue;
      const PercentText percent = percent_in(one);
      if (!percent.number || percent.sign) continue;
      percents_over_1_ = percents_over_1_ || *percent.number > 1;
      fractions_ = fractions_ || (*percent.number > 0 && *percent.number < 1);
    }
    if (percents_over_1_) note_column(PlanField::kPercent, {PlanNoteCode::kColumnPercents, {}});
    if (fractions_ && !percents_over_1_) {
      note_column(PlanField::kPercent, {PlanNoteCode::kColumnFractions, {}});
    }
  }

  void look_at_weights() {
    for (const DataRow& data : rows_) {
      const GridCell& one = cell(*data.row, PlanField::kWeight);
      if (!one.is_empty() && percent_in(one).sign) weights_in_percent_ = true;
    }
  }

  void look_at_durations() {
    const auto column = column_[static_cast<std::size_t>(PlanField::kDuration)];
    if (!column) return;
    const std::string header = squeezed(sheet_.columns[*column].header);
    duration_hours_ = has_any(header, {"小时", "hours", "(h)", "(hr"});
    duration_other_ = has_any(header, {"(周", "(月", "个月", "week", "month", "(星期"});
    bool hours = duration_hours_;
    for (const DataRow& data : rows_) {
      hours = hours || read_duration_text(cell(*data.row, PlanField::kDuration).text).hours;
    }
    if (hours) {
      note_column(PlanField::kDuration, {PlanNoteCode::kColumnHours, {number_text(kHoursPerDay)}});
    }
  }

  // Where rows are only counted in one style, what the names begin with says more.
  void look_at_numbers() {
    std::set<std::pair<std::string, std::size_t>> in_numbers;
    std::set<std::pair<std::string, std::size_t>> in_names;
    for (const DataRow& data : rows_) {
      if (const auto style = number_style(own_text(number_cell(*data.row)), true)) {
        in_numbers.emplace(style->style, style->parts);
      }
      if (const auto style = number_style(data.name, false)) {
        in_names.emplace(style->style, style->parts);
      }
      any_indent_ = any_indent_ || indent_of(*data.row) > 0;
    }
    names_tell_level_ = in_numbers.size() <= 1 && in_names.size() >= 2;
    indents_tell_level_ = in_numbers.size() <= 1 && in_names.empty() && any_indent_;
  }

  [[nodiscard]] const GridCell& number_cell(const GridRow& row) const {
    const GridCell& wbs = cell(row, PlanField::kWbs);
    return wbs.is_empty() ? cell(row, PlanField::kNumber) : wbs;
  }

  [[nodiscard]] std::size_t indent_of(const GridRow& row) const {
    const GridCell& name = cell(row, PlanField::kName);
    std::size_t spaces = 0;
    for (std::size_t at = 0; at < name.text.size();) {
      if (name.text[at] == ' ' || name.text[at] == '\t') {
        spaces += 1;
        at += 1;
      } else if (name.text.compare(at, 3, "\u3000") == 0) {
        spaces += 2;
        at += 3;
      } else if (name.text.compare(at, 2, "\u00A0") == 0) {
        spaces += 1;
        at += 2;
      } else {
        break;
      }
    }
    return spaces + 2U * name.indent;
  }

  void read_level(const DataRow& data, PlanItem& item) {
    const GridCell& stated = cell(*data.row, PlanField::kLevel);
    if (!stated.is_empty()) {
      const auto level = number_in(plain(stated.text));
      if (level && *level >= 0 && *level <= kPlanLevels && std::floor(*level) == *level) {
        item.level = static_cast<std::uint32_t>(std::max(1.0, *level));
        last_level_ = item.level;
        return;
      }
      item.notes.push_back({PlanField::kLevel, {PlanNoteCode::kLevelUnknown, {stated.text}}});
      item.level = std::max(1U, last_level_);
      return;
    }
    const auto by_name = number_style(data.name, false);
    auto by_number = number_style(own_text(number_cell(*data.row)), true);
    if (names_tell_level_ && by_name) by_number.reset();
    if (indents_tell_level_ && !data.section) {
      item.level = outline_.level_of_indent(indent_of(*data.row));
    } else if (by_number) {
      item.level = outline_.level_of(*by_number);
    } else if (by_name) {
      item.level = outline_.level_of(*by_name);
    } else if (data.section) {
      item.level = 1;
    } else {
      item.level = std::max(1U, last_section_ ? last_level_ + 1 : last_level_);
    }
    item.level = std::min(item.level, kPlanLevels);
    last_section_ = data.section;
    last_level_ = item.level;
  }

  void lose(PlanItem& item, PlanField field, PlanNoteCode code, const GridCell& one) {
    item.notes.push_back({field, {code, {std::string(beginning(trimmed(one.text), 80))}}});
  }

  // Faults and overlong texts are named here; false when there is nothing to read.
  bool is_readable(PlanItem& item, PlanField field, const GridCell& one) {
    if (one.kind == GridCell::Kind::kFault) {
      lose(item, field, PlanNoteCode::kCellFault, one);
    } else if (one.kind == GridCell::Kind::kTooLong) {
      item.notes.push_back({field, {PlanNoteCode::kTextTooLong, {std::to_string(kPlanCellBytes)}}});
    } else {
      return !one.is_empty();
    }
    return false;
  }

  std::optional<PlanDate> read_date(const GridRow& row, PlanItem& item, PlanField field,
                                    std::optional<PlanDate> start) {
    const GridCell& one = cell(row, field);
    if (!is_readable(item, field, one)) return std::nullopt;
    if (is_any(squeezed(one.text), {"-", "/", "—", "na", "n/a", "无"})) return std::nullopt;
    note_merge(item, field, one);
    return dates_.resolve(date_in(one), beginning(trimmed(one.text), 80), field, start, item.notes);
  }

  static void note_merge(PlanItem& item, PlanField field, const GridCell& one) {
    if (one.merged_from == 0) return;
    item.notes.push_back({field, {PlanNoteCode::kFromMerge, {std::to_string(one.merged_from)}}});
  }

  void read_percent(const GridRow& row, PlanItem& item) {
    const GridCell& one = cell(row, PlanField::kPercent);
    if (one.merged_from != 0 || !is_readable(item, PlanField::kPercent, one)) return;
    if (is_any(squeezed(one.text), {"-", "/", "—"})) return;
    const PercentText percent = percent_in(one);
    if (!percent.number) return lose(item, PlanField::kPercent, PlanNoteCode::kPercentUnknown, one);
    double value = *percent.number;
    if (!percent.sign) {
      const bool small = value > 0 && value < 1;
      const bool one_whole = value == 1 && (fractions_ || !percents_over_1_);
      if ((percents_over_1_ && (small || one_whole)) || (one_whole && !fractions_)) {
        item.notes.push_back(
            {PlanField::kPercent,
             {PlanNoteCode::kPercentAmbiguous,
              {std::string(trimmed(one.text)), number_text(value), number_text(value * 100)}}});
        return;
      }
      if (!percents_over_1_) value *= 100;
    }
    value = std::round(value * 1e6) / 1e6;  // 0.07 * 100 is 7
    if (value < 0 || value > 100) {
      return lose(item, PlanField::kPercent, PlanNoteCode::kPercentOutside, one);
    }
    if (percent.word) {
      item.notes.push_back(
          {PlanField::kPercent,
           {PlanNoteCode::kPercentWord, {std::string(trimmed(one.text)), number_text(value)}}});
    }
    item.percent = value;
  }

  void read_duration(const GridRow& row, PlanItem& item) {
    const GridCell& one = cell(row, PlanField::kDuration);
    if (one.merged_from != 0 || !is_readable(item, PlanField::kDuration, one)) return;
    if (is_any(squeezed(one.text), {"-", "/", "—"})) return;
    DurationText duration;
    if (one.kind == GridCell::Kind::kNumber) {
      if (one.number >= 0) duration.days = one.number;
    } else {
      duration = read_duration_text(one.text);
    }
    const bool bare = is_plain_number(one);
    if (duration.other_unit || (bare && duration_other_)) {
      return lose(item, PlanField::kDuration, PlanNoteCode::kDurationUnit, one);
    }
    if (!duration.days || *duration.days > 100'000) {
      return lose(item, PlanField::kDuration, PlanNoteCode::kDurationUnknown, one);
    }
    item.duration_days = bare && duration_hours_ ? *duration.days / kHoursPerDay : *duration.days;
  }

  void read_weight(const GridRow& row, PlanItem& item) {
    const GridCell& one = cell(row, PlanField::kWeight);
    if (one.merged_from != 0 || !is_readable(item, PlanField::kWeight, one)) return;
    const PercentText weight = percent_in(one);
    // Beside weights with a % sign one without it may mean either.
    if (!weight.number || weight.word || *weight.number < 0 ||
        (weights_in_percent_ && !weight.sign && *weight.number != 0)) {
      return lose(item, PlanField::kWeight, PlanNoteCode::kWeightUnknown, one);
    }
    item.weight = std::round(*weight.number * 1e9) / 1e9;
  }

  void read_milestone(const GridRow& row, PlanItem& item) {
    const GridCell& one = cell(row, PlanField::kMilestone);
    if (one.merged_from != 0 || !is_readable(item, PlanField::kMilestone, one)) return;
    const auto yes = read_yes_no(one.text);
    if (!yes) return lose(item, PlanField::kMilestone, PlanNoteCode::kMilestoneUnknown, one);
    item.milestone = *yes;
  }

  std::string read_text(const GridRow& row, PlanItem& item, PlanField field) {
    const GridCell& one = cell(row, field);
    if (!is_readable(item, field, one)) return {};
    note_merge(item, field, one);
    return std::string(trimmed(one.text));
  }

  void read_area(const DataRow& data, PlanItem& item) {
    item.area = read_text(*data.row, item, PlanField::kArea);
    if (!item.area.empty()) {
      carried_area_ = item.area;
      carried_from_ = data.row->source_row;
      carried_level_ = item.level;
    } else if (data.section || item.level < carried_level_) {
      carried_area_.clear();
    } else if (!carried_area_.empty()) {
      // A merged cell that became text: only its first row has the value.
      item.area = carried_area_;
      item.notes.push_back(
          {PlanField::kArea, {PlanNoteCode::kCarriedDown, {std::to_string(carried_from_)}}});
    }
  }

  void read_links_of(const GridRow& row, PlanItem& item) {
    const GridCell& one = cell(row, PlanField::kPredecessors);
    if (one.merged_from != 0 || !is_readable(item, PlanField::kPredecessors, one)) return;
    for (LinkText& link : read_links(one.text)) {
      links_.push_back({static_cast<std::uint32_t>(sheet_.items.size()), std::move(link)});
    }
  }

  void add_item(const DataRow& data) {
    const GridRow& row = *data.row;
    PlanItem item;
    item.source_row = row.source_row;
    item.name = data.name;
    if (row.hidden) item.notes.push_back({PlanField::kNone, {PlanNoteCode::kHiddenRow, {}}});
    if (data.section) {
      item.notes.push_back({PlanField::kName, {PlanNoteCode::kSectionRow, {}}});
    } else {
      item.number = own_text(cell(row, PlanField::kNumber));
      item.wbs = own_text(cell(row, PlanField::kWbs));
    }
    read_level(data, item);
    if (!data.section) {
      item.start = read_date(row, item, PlanField::kStart, std::nullopt);
      item.finish = read_date(row, item, PlanField::kFinish, item.start);
      item.baseline_start = read_date(row, item, PlanField::kBaselineStart, std::nullopt);
      item.baseline_finish = read_date(row, item, PlanField::kBaselineFinish, item.baseline_start);
      item.actual_start = read_date(row, item, PlanField::kActualStart, std::nullopt);
      item.actual_finish = read_date(row, item, PlanField::kActualFinish, item.actual_start);
      read_percent(row, item);
      read_duration(row, item);
      read_weight(row, item);
      read_milestone(row, item);
      item.responsible = read_text(row, item, PlanField::kResponsible);
      item.remark = read_text(row, item, PlanField::kRemark);
      read_links_of(row, item);
    }
    read_area(data, item);
    sheet_.items.push_back(std::move(item));
  }

  const Grid& grid_;
  const SheetHeader& header_;
  const PlanReadOptions& options_;
  PlanSheet& sheet_;
  std::array<std::optional<std::size_t>, kPlanFields> column_;
  std::vector<DataRow> rows_;
  std::vector<FoundLink> links_;
  std::string title_;
  DateContext dates_;
  std::set<std::size_t> day_first_;
  Outline outline_;
  bool percents_over_1_ = false;
  bool fractions_ = false;
  bool weights_in_percent_ = false;
  bool duration_hours_ = false;
  bool duration_other_ = false;
  bool any_indent_ = false;
  bool names_tell_level_ = false;
  bool indents_tell_level_ = false;
  bool last_section_ = false;
  std::uint32_t last_level_ = 0;
  std::string carried_area_;
  std::uint32_t carried_from_ = 0;
  std::uint32_t carried_level_ = 0;
};

}  // namespace

std::optional<PlanNote> read_grid(const Grid& grid, const SheetHeader& header,
                                  const PlanReadOptions& options, PlanSheet& sheet) {
  if (grid.columns_cut) {
    sheet.notes.push_back({PlanNoteCode::kColumnsCut, {std::to_string(kPlanColumns)}});
  }
  sheet.notes.push_back({PlanNoteCode::kHeaderRows,
                         {std::to_string(grid.rows[header.first_row].source_row),
                          std::to_string(grid.rows[header.last_row].source_row)}});
  return GridPlan(grid, header, options, sheet).read();
}

}  // namespace sitecast::hub
