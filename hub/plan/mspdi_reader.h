// SPDX-License-Identifier: Apache-2.0
// Microsoft Project's XML (MSPDI) to a plan: outline, dates, durations, milestones, predecessors,
// baseline 0, actual dates. Thread-safe: pure function.
#pragma once

#include <optional>

#include "hub/plan/plan_sheet.h"
#include "proto/base/bytes.h"

namespace sitecast::hub {

std::optional<PlanNote> read_mspdi(ByteView file, PlanSheet& sheet);

}  // namespace sitecast::hub
