// SPDX-License-Identifier: Apache-2.0
// Segments out of cells (rule: hub/index/segment.h). Thread-safe: pure functions.
#pragma once

#include <optional>
#include <vector>

#include "hub/index/cells.h"
#include "hub/index/segment.h"

namespace sitecast::hub {

// `cells`: of one track, in order of sequence, without holes in the list itself. Cells before the
// first one that starts a segment are left out: nothing can decode them until their start arrives.
// `part_count_total`: known once the track has ended; then the last segment is closed and the parts
// missing at its end are known.
std::vector<Segment> assemble_segments(const std::vector<Cell>& cells,
                                       std::optional<std::uint64_t> part_count_total);

}  // namespace sitecast::hub
