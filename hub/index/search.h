// SPDX-License-Identifier: Apache-2.0
// Finding (README, "Search"): table `search` says where the words may be, the events decide.
// Owner thread: the reader's. Runs inside the caller's view.
#pragma once

#include "hub/index/capture_row.h"
#include "hub/index/reader.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

Result<SearchPage> search_page(Database& database, const SearchQuery& query);

CaptureInfo capture_info(const CaptureRow& row);

}  // namespace sitecast::hub
