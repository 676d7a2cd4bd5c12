// SPDX-License-Identifier: Apache-2.0
// References between rows of a grid, resolved once all rows are read. Thread-safe: pure functions.
#pragma once

#include <vector>

#include "hub/plan/cell_values.h"

namespace sitecast::hub {

struct FoundLink {
  std::uint32_t item;  // index of the item in whose row it stands
  LinkText link;
};

// Numbers count before WBS codes, and those before WBS codes written without dots. What does not
// lead to exactly one item is named at the item in whose row it stands.
void resolve_links(PlanSheet& sheet, const std::vector<FoundLink>& links);

}  // namespace sitecast::hub
