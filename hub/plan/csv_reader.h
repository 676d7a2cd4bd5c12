// SPDX-License-Identifier: Apache-2.0
// Text with separators to a grid: RFC 4180 and what spreadsheets write beside it. Thread-safe:
// pure.
#pragma once

#include <optional>
#include <string_view>

#include "hub/plan/grid.h"

namespace sitecast::hub {

// The separator of most fields outside quotes among the first lines: ',', ';' or tab.
char csv_delimiter(std::string_view text);

// `text` is UTF-8. Quotes that are never closed end with the line they began in, so that one stray
// quote does not swallow the rest. source_row is the line where the record begins. A refusal when a
// limit is passed.
std::optional<PlanNote> read_csv(std::string_view text, char delimiter, Grid& grid);

}  // namespace sitecast::hub
