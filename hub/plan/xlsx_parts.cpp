// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/xlsx_parts.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hub/plan/cell_values.h"
#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::uint32_t kSheetRows = 1'048'576;  // of the format
constexpr std::size_t kStrings = 1'000'000;
constexpr std::size_t kStyles = 65'536;
constexpr std::size_t kMerges = 100'000;

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_true(std::string_view text) { return text == "1" || text == "true" || text == "on"; }

struct Place {
  std::uint32_t row = 0;   // from 1
  std::size_t column = 0;  // from 0
};

std::optional<Place> place_of(std::string_view reference) {
  std::size_t at = 0;
  std::size_t column = 0;
  while (at < reference.size() && at < 4 && (reference[at] & ~0x20) >= 'A' &&
         (reference[at] & ~0x20) <= 'Z') {
    column = column * 26 + static_cast<std::size_t>((reference[at] & ~0x20) - 'A' + 1);
    ++at;
  }
  const auto row = whole_number(reference.substr(at));
  if (at == 0 || !row || *row == 0 || *row > kSheetRows) return std::nullopt;
  return Place{*row, column - 1};
}

// Formats that need no definition in the file; 27 to 36 and 50 to 58 are dates in Chinese Excel.
bool is_builtin_date(int id) {
  return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
         (id >= 50 && id <= 54) || id == 57 || id == 58;
}

}  // namespace

std::string_view attribute(const std::vector<XmlAttribute>& attributes, std::string_view name) {
  for (const XmlAttribute& one : attributes) {
    if (one.name == name) return one.value;
  }
  return {};
}

void XlsxPart::text(std::string_view text) {
  if (gathering_ && gathered_.size() <= kPlanCellBytes) gathered_ += text;
}

void XlsxRelations::open(std::string_view name, const std::vector<XmlAttribute>& attributes) {
  if (name != "Relationship" || targets.size() > kStyles) return;
  const std::string target(attribute(attributes, "Target"));
  targets.emplace(attribute(attributes, "Id"), target);
  if (attribute(attributes, "Type").ends_with("/officeDocument")) office_document = target;
}

void XlsxWorkbook::open(std::string_view name, const std::vector<XmlAttribute>& attributes) {
  if (name == "workbookPr") from_1904 = is_true(attribute(attributes, "date1904"));
  if (name != "sheet" || sheets.size() >= 1'000) return;
  // r:id loses its prefix; a sheet has no other attribute of that name.
  sheets.push_back(
      {std::string(attribute(attributes, "name")), std::string(attribute(attributes, "id")),
       !attribute(attributes, "state").empty() && attribute(attributes, "state") != "visible"});
}

void XlsxStrings::open(std::string_view name, const std::vector<XmlAttribute>&) {
  if (name == "si") {
    string_.clear();
  } else if (name == "rPh") {
    phonetic_ = true;
  } else if (name == "t" && !phonetic_) {
    gather();
  }
}

void XlsxStrings::close(std::string_view name) {
  if (name == "rPh") phonetic_ = false;
  if (name == "t" && !phonetic_) {
    const std::string piece = gathered();
    if (string_.size() <= kPlanCellBytes) string_ += piece;
  }
  if (name != "si") return;
  if (strings.size() >= kStrings) {
    return refuse({PlanNoteCode::kTooManyCells, {std::to_string(kStrings)}});
  }
  strings.push_back(std::move(string_));
  string_.clear();
}

void XlsxStyles::open(std::string_view name, const std::vector<XmlAttribute>& attributes) {
  const auto number = [&](std::string_view of) {
    return static_cast<int>(whole_number(attribute(attributes, of)).value_or(0) & 0xFFFFU);
  };
  if (name == "numFmt" && formats_.size() < kStyles) {
    formats_.emplace(number("numFmtId"), attribute(attributes, "formatCode"));
  } else if (name == "cellXfs") {
    in_cell_formats_ = true;
  } else if (name == "xf" && in_cell_formats_ && styles.size() < kStyles) {
    const int id = number("numFmtId");
    XlsxStyle& style = styles.emplace_back();
    const auto own = formats_.find(id);
    if (own != formats_.end()) {
      style.date = is_date_format(own->second);
      style.percent = !style.date && has(own->second, "%");
    } else {
      style.date = is_builtin_date(id);
      style.percent = id == 9 || id == 10;
    }
  } else if (name == "alignment" && in_cell_formats_ && !styles.empty()) {
    styles.back().indent = static_cast<std::uint8_t>(std::min(number("indent"), 250));
  }
}

void XlsxStyles::close(std::string_view name) {
  if (name == "cellXfs") in_cell_formats_ = false;
}

bool is_date_format(std::string_view format) {
  bool quoted = false;
  bool day_or_year = false;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char letter = format[at];
    if (letter == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (letter == '\\' || letter == '_' || letter == '*') {
      ++at;
    } else if (letter == '[') {
      while (at < format.size() && format[at] != ']') ++at;
    } else if (letter == ';') {
      break;
    } else if (letter == 'y' || letter == 'Y' || letter == 'd' || letter == 'D' || letter == 'e') {
      if (!(letter == 'e' && at > 0 && (format[at - 1] == '0' || format[at - 1] == '#'))) {
        day_or_year = true;
      }
    } else if (letter == 'G' || letter == 'g') {
      return false;  // General
    }
  }
  return day_or_year;
}

void XlsxSheet::open(std::string_view name, const std::vector<XmlAttribute>& attributes) {
  if (name == "row") {
    open_row(attributes);
  } else if (name == "c") {
    open_cell(attributes);
  } else if (in_cell_ && name == "rPh") {
    phonetic_ = true;
  } else if (in_cell_ && (name == "v" || (name == "t" && !phonetic_))) {
    gather();
  } else if (name == "mergeCell") {
    add_merge(attribute(attributes, "ref"));
  }
}

void XlsxSheet::open_row(const std::vector<XmlAttribute>& attributes) {
  const auto stated = whole_number(attribute(attributes, "r"));
  const std::uint32_t row = stated.value_or(row_ + 1);
  if (row <= row_ || row > kSheetRows) {
    return refuse({PlanNoteCode::kXmlBroken, {"row " + std::to_string(row) + " is out of order"}});
  }
  row_ = row;
  next_column_ = 0;
  // An empty row before goes again unless something stands below it: Excel states formatted ones.
  if (!grid_.rows.empty() && grid_.rows.back().cells.empty()) grid_.rows.pop_back();
  if (grid_.rows.size() >= kPlanRows) {
    return refuse({PlanNoteCode::kTooManyRows, {std::to_string(kPlanRows)}});
  }
  GridRow& added = grid_.rows.emplace_back();
  added.source_row = row;
  added.hidden = is_true(attribute(attributes, "hidden"));
}

void XlsxSheet::open_cell(const std::vector<XmlAttribute>& attributes) {
  const auto place = place_of(attribute(attributes, "r"));
  column_ = place ? place->column : next_column_;
  next_column_ = column_ + 1;
  type_ = std::string(attribute(attributes, "t"));
  style_ = whole_number(attribute(attributes, "s")).value_or(0);
  value_.clear();
  inline_.clear();
  in_cell_ = true;
}

void XlsxSheet::close(std::string_view name) {
  if (name == "v" && in_cell_) value_ = gathered();
  if (name == "t" && in_cell_ && !phonetic_) {
    const std::string piece = gathered();
    if (inline_.size() <= kPlanCellBytes) inline_ += piece;
  }
  if (name == "rPh") phonetic_ = false;
  if (name == "c" && in_cell_) {
    in_cell_ = false;
    close_cell();
  }
}

void XlsxSheet::set_text(GridCell& cell, std::string text) {
  if (trimmed(text).empty()) return;
  if (text.size() > kPlanCellBytes) {
    cell.kind = GridCell::Kind::kTooLong;
    return;
  }
  cell.kind = GridCell::Kind::kText;
  cell.text = std::move(text);
}

void XlsxSheet::close_cell() {
  if (grid_.rows.empty()) return;
  GridCell cell;
  const XlsxStyle style = style_ < styles_.size() ? styles_[style_] : XlsxStyle{};
  if (type_ == "s") {
    const auto index = whole_number(value_);
    if (index && *index < strings_.size()) set_text(cell, strings_[*index]);
  } else if (type_ == "inlineStr") {
    set_text(cell, inline_);
  } else if (type_ == "str" || type_ == "d") {
    set_text(cell, value_);
  } else if (type_ == "e") {
    cell.kind = GridCell::Kind::kFault;
    cell.text = std::string(beginning(value_, 40));
  } else if (type_ == "b") {
    set_text(cell, value_);
  } else if (const auto number = number_in(value_)) {
    cell.kind = style.date      ? GridCell::Kind::kDate
                : style.percent ? GridCell::Kind::kPercent
                                : GridCell::Kind::kNumber;
    cell.number = *number;
    if (style.date) cell.date = date_of_serial(*number, from_1904_);
    cell.text = cell.date       ? text_of(*cell.date)
                : style.percent ? number_text(*number * 100) + "%"
                                : number_text(*number);
  } else {
    set_text(cell, value_);
  }
  if (cell.is_empty()) return;
  if (column_ >= kPlanColumns) {
    grid_.columns_cut = true;
    return;
  }
  cell.indent = style.indent;
  GridRow& row = grid_.rows.back();
  if (column_ >= row.cells.size()) {
    cells_ += column_ + 1 - row.cells.size();
    row.cells.resize(column_ + 1);
  }
  text_bytes_ += cell.text.size();
  row.cells[column_] = std::move(cell);
  if (cells_ > kPlanCells || text_bytes_ > kPlanTextBytes) {
    refuse({PlanNoteCode::kTooManyCells, {std::to_string(kPlanCells)}});
  }
}

void XlsxSheet::add_merge(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  if (colon == std::string_view::npos || merges_.size() >= kMerges) return;
  const auto first = place_of(reference.substr(0, colon));
  const auto last = place_of(reference.substr(colon + 1));
  if (!first || !last || last->row <= first->row || first->column >= kPlanColumns) return;
  merges_.push_back({first->row, last->row, first->column});
}

// Downwards only: what a cell across several columns says, it says once.
void XlsxSheet::copy_merged() {
  const auto by_row = [](const GridRow& row, std::uint32_t number) {
    return row.source_row < number;
  };
  for (const Merge& merge : merges_) {
    auto row = std::lower_bound(grid_.rows.begin(), grid_.rows.end(), merge.first_row, by_row);
    if (row == grid_.rows.end() || row->source_row != merge.first_row) continue;
    const GridCell& first = row->cell(merge.column);
    // Overlapping merges are no workbook's; they would copy copies without end.
    if (first.is_empty() || first.merged_from != 0) continue;
    GridCell copy = first;
    copy.merged_from = merge.first_row;
    for (++row; row != grid_.rows.end() && row->source_row <= merge.last_row; ++row) {
      if (merge.column >= row->cells.size()) {
        cells_ += merge.column + 1 - row->cells.size();
        row->cells.resize(merge.column + 1);
      }
      text_bytes_ += copy.text.size() + sizeof(GridCell);
      if (cells_ > kPlanCells || text_bytes_ > kPlanTextBytes) {
        return refuse({PlanNoteCode::kTooManyCells, {std::to_string(kPlanCells)}});
      }
      if (row->cells[merge.column].is_empty()) row->cells[merge.column] = copy;
    }
  }
}

Grid XlsxSheet::take_grid() {
  if (!grid_.rows.empty() && grid_.rows.back().cells.empty()) grid_.rows.pop_back();
  copy_merged();
  return std::move(grid_);
}

}  // namespace sitecast::hub
