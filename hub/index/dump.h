// SPDX-License-Identifier: Apache-2.0
// The whole content of an index as text in an order that depends on the content only, so that two
// indexes can be compared: what was grown part by part, and what was built from the files alone.
// Left out are numbers that are local to a file (track_id). Blocking, in proportion to the index.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "proto/base/result.h"

namespace sitecast::hub {

// Calls `line` for each row, "table|column|column|…" with blobs in hex.
Status dump_index(const std::filesystem::path& index,
                  const std::function<void(std::string_view line)>& line);

}  // namespace sitecast::hub
