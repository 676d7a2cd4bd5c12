// SPDX-License-Identifier: Apache-2.0
// The index, brought up to date, against an index built from the files alone: they must be the same
// in every row. Works on copies under STATE/check; changes neither. Blocking, in proportion to the
// index. REQUIRES: no hub runs on this state.
#pragma once

#include <functional>
#include <string>

#include "hub/archive/layout.h"
#include "hub/check/archive_files.h"

namespace sitecast::hub {

void check_index_against_files(const Layout& layout, const ArchiveFiles& files,
                               const std::function<void(const std::string&)>& problem);

}  // namespace sitecast::hub
