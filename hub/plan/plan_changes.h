// SPDX-License-Identifier: Apache-2.0
// What a new sheet moves against an older one: what a person is shown before a new plan takes the
// place of one that is in force. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

struct PlanChange {
  enum class Kind { kAdded, kRemoved, kMoved, kRenamed };
  Kind kind;
  std::optional<std::uint32_t> before;  // index in the older sheet's items
  std::optional<std::uint32_t> after;   // in the newer one's
  // Of kMoved, calendar days, later is positive; nothing where a sheet has no such date.
  std::optional<int> start_days, finish_days;
};

struct PlanChanges {
  std::vector<PlanChange> changes;  // in the order of the newer sheet, then what is gone
  std::size_t unchanged = 0;
  // Items of the newer sheet for which the older one has several candidates; taken as added.
  std::size_t ambiguous = 0;
};

// An item is the same when its path of names is (each name with those of its summaries above it);
// what is left over, when its WBS code and level are: that one was renamed. A path that is in a
// sheet more than once is matched by area as well, and else by nothing.
PlanChanges compare_plans(const PlanSheet& before, const PlanSheet& after);

// Of each item of the newer sheet, which one of the older it is.
std::vector<std::optional<std::uint32_t>> match_plans(const PlanSheet& before,
                                                      const PlanSheet& after);

}  // namespace sitecast::hub
