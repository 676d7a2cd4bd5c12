// SPDX-License-Identifier: Apache-2.0
// A workbook (ECMA-376) to a plan: shared and inline strings, dates by number format in the 1900
// and 1904 systems, merged cells, hidden rows, the stored values of formulas. Thread-safe: pure
// function.
#pragma once

#include <optional>

#include "hub/plan/plan_sheet.h"
#include "proto/base/bytes.h"

namespace sitecast::hub {

// The first visible sheet whose headings are understood, or the one that `options` names.
std::optional<PlanNote> read_xlsx(ByteView file, const PlanReadOptions& options, PlanSheet& sheet);

}  // namespace sitecast::hub
