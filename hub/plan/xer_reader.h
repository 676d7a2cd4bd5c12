// SPDX-License-Identifier: Apache-2.0
// Primavera P6's XER to a plan: the tables PROJECT, CALENDAR, PROJWBS, TASK and TASKPRED. WBS nodes
// become summaries, activities lie below their node. Thread-safe: pure function.
#pragma once

#include <optional>
#include <string_view>

#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

// `text` is UTF-8.
std::optional<PlanNote> read_xer(std::string_view text, PlanSheet& sheet);

}  // namespace sitecast::hub
