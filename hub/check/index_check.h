// SPDX-License-Identifier: Apache-2.0
// The index, brought up to date, against an index built from the files alone: they must be the same
// in every row. Works on copies under STATE/check; changes neither. Blocking, in proportion to the
// index. REQUIRES: no hub runs on this state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "hub/check/archive_files.h"

namespace sitecast::hub {

struct IndexDifference {
  bool only_in_index = false;  // else only in what the files give
  std::string row;             // as dump_index writes it, cut
};
struct IndexComparison {
  std::vector<IndexDifference> different;  // the first few
  std::uint64_t passed_over = 0;           // events of the logs that are in neither
};
// An error: one of the two could not be read or made.
Result<IndexComparison> compare_index_with_files(const Layout& layout, const ArchiveFiles& files);

}  // namespace sitecast::hub
