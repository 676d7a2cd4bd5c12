// SPDX-License-Identifier: Apache-2.0
// A file that people call their schedule, to a PlanSheet. The format is told by the content, never
// by the name. The bytes are hostile until shown otherwise: sizes are bounded before allocation,
// nothing recurses with the input, no entity of XML is resolved. Thread-safe: pure function;
// blocking for at most some seconds (the limits of plan_sheet.h); no exception leaves it.
#pragma once

#include <optional>

#include "hub/plan/plan_sheet.h"
#include "proto/base/bytes.h"

namespace sitecast::hub {

// `sheet` holds the whole of it, or the reason is returned and `sheet` is empty.
[[nodiscard]] std::optional<PlanNote> read_plan(ByteView file, const PlanReadOptions& options,
                                                PlanSheet& sheet) noexcept;

}  // namespace sitecast::hub
