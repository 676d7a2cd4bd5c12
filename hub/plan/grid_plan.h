// SPDX-License-Identifier: Apache-2.0
// What a grid means as a schedule: headings, rows, values. Thread-safe: pure functions.
#pragma once

#include <optional>

#include "hub/plan/columns.h"
#include "hub/plan/grid.h"

namespace sitecast::hub {

// Adds columns, items and skipped rows to `sheet` and finishes its items. Every row of the grid
// becomes an item or is named as skipped; every value of an item is read or named. A refusal when
// there are more than kPlanLinks predecessors.
std::optional<PlanNote> read_grid(const Grid& grid, const SheetHeader& header,
                                  const PlanReadOptions& options, PlanSheet& sheet);

}  // namespace sitecast::hub
