// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/csv_reader.h"

#include <algorithm>
#include <array>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kLinesLookedAt = 50;

class CsvReader {
 public:
  CsvReader(std::string_view text, char delimiter, Grid& grid)
      : text_(text), delimiter_(delimiter), grid_(grid) {}

  std::optional<PlanNote> read() {
    while (at_ < text_.size()) {
      if (grid_.rows.size() >= kPlanRows) {
        return PlanNote{PlanNoteCode::kTooManyRows, {std::to_string(kPlanRows)}};
      }
      read_record();
      if (cells_ > kPlanCells) {
        return PlanNote{PlanNoteCode::kTooManyCells, {std::to_string(kPlanCells)}};
      }
    }
    return std::nullopt;
  }

 private:
  void read_record() {
    GridRow& row = grid_.rows.emplace_back();
    row.source_row = line_;
    while (true) {
      const bool quoted = at_ < text_.size() && text_[at_] == '"';
      const std::string field = quoted ? quoted_field() : plain_field();
      add(row, field);
      if (at_ < text_.size() && text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      skip_line_end();
      break;
    }
    while (!row.cells.empty() && row.cells.back().is_empty()) row.cells.pop_back();
    cells_ += row.cells.size();
  }

  void add(GridRow& row, const std::string& field) {
    if (row.cells.size() >= kPlanColumns) {
      if (!trimmed(field).empty()) grid_.columns_cut = true;
      return;
    }
    GridCell& cell = row.cells.emplace_back();
    if (trimmed(field).empty()) return;
    if (field.size() > kPlanCellBytes) {
      cell.kind = GridCell::Kind::kTooLong;
    } else {
      cell.kind = GridCell::Kind::kText;
      cell.text = field;
    }
  }

  std::string plain_field() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' &&
           text_[at_] != '\r') {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  // At the opening quote. What stands between the closing quote and the separator is kept.
  std::string quoted_field() {
    std::string field;
    std::uint32_t lines = 0;
    std::size_t at = at_ + 1;
    for (; at < text_.size(); ++at) {
      if (text_[at] == '"') {
        if (at + 1 < text_.size() && text_[at + 1] == '"') {
          ++at;
        } else {
          break;
        }
      }
      if (text_[at] == '\n') ++lines;
      if (field.size() <= kPlanCellBytes) field += text_[at];
    }
    if (at >= text_.size()) return plain_field();
    at_ = at + 1;
    line_ += lines;
    return field + plain_field();
  }

  void skip_line_end() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  std::string_view text_;
  char delimiter_;
  Grid& grid_;
  std::size_t at_ = 0;
  std::size_t cells_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

char csv_delimiter(std::string_view text) {
  constexpr std::array kDelimiters = {',', ';', '\t'};
  std::array<std::size_t, kDelimiters.size()> lines_with{};
  std::array<std::size_t, kDelimiters.size()> fields{};
  bool quoted = false;
  std::size_t lines = 0;
  std::array<std::size_t, kDelimiters.size()> in_line{};
  for (std::size_t at = 0; at < text.size() && lines < kLinesLookedAt; ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted) continue;
    if (text[at] != '\n') {
      for (std::size_t index = 0; index < kDelimiters.size(); ++index) {
        if (text[at] == kDelimiters[index]) ++in_line[index];
      }
    }
    if (text[at] != '\n' && at + 1 < text.size()) continue;
    ++lines;
    for (std::size_t index = 0; index < kDelimiters.size(); ++index) {
      if (in_line[index] > 0) ++lines_with[index];
      fields[index] += in_line[index];
    }
    in_line = {};
  }
  std::size_t best = 0;
  for (std::size_t index = 1; index < kDelimiters.size(); ++index) {
    const auto rank = [&](std::size_t of) { return std::pair(lines_with[of], fields[of]); };
    if (rank(index) > rank(best)) best = index;
  }
  return kDelimiters[best];
}

std::optional<PlanNote> read_csv(std::string_view text, char delimiter, Grid& grid) {
  return CsvReader(text, delimiter, grid).read();
}

}  // namespace sitecast::hub
