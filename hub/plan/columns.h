// SPDX-License-Identifier: Apache-2.0
// Which row holds the headings and what each column is. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hub/plan/grid.h"

namespace sitecast::hub {

// What a heading says, in Chinese or English; kNone when nothing that a plan has.
PlanField field_of_header(std::string_view header);

struct SheetHeader {
  std::size_t first_row = 0;  // indexes in Grid::rows
  std::size_t last_row = 0;   // headings of two rows are read together
  std::vector<PlanColumn> columns;
  // Column of a field, if it has one.
  [[nodiscard]] std::optional<std::size_t> column_of(PlanField field) const;
};

// Among the first rows, the one or two that name most fields; they must name the item and one of
// start, finish, duration.
std::optional<SheetHeader> find_header(const Grid& grid);

}  // namespace sitecast::hub
