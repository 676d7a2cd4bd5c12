// SPDX-License-Identifier: Apache-2.0
// Rows of cells as a CSV file or a worksheet holds them, before anybody asks what they mean.
// Thread-safe: value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

struct GridCell {
  enum class Kind : std::uint8_t {
    kEmpty,
    kText,
    kNumber,
    kPercent,  // a number shown with %: 0.6 is 60%
    kDate,     // a number shown as a date; `date` is nothing where there is no such day
    kFault,    // a formula that failed; `text` says how
    kTooLong,  // text over kPlanCellBytes; not kept
  };
  Kind kind = Kind::kEmpty;
  std::uint8_t indent = 0;        // of the cell's style
  std::uint32_t merged_from = 0;  // the row where its merged cell begins; 0: its own
  std::string text;               // as people see it, nearly
  double number = 0;
  std::optional<PlanDate> date;

  [[nodiscard]] bool is_empty() const { return kind == Kind::kEmpty; }
};

struct GridRow {
  std::uint32_t source_row = 0;  // from 1
  bool hidden = false;
  std::vector<GridCell> cells;

  // An empty cell where there is none.
  [[nodiscard]] const GridCell& cell(std::size_t column) const;
  // Nothing of its own in it.
  [[nodiscard]] bool is_empty() const;
};

struct Grid {
  std::vector<GridRow> rows;
  bool columns_cut = false;  // there was more to the right of kPlanColumns
};

std::string column_letters(std::size_t column);  // 0: "A"

}  // namespace sitecast::hub
