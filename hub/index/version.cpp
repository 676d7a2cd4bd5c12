// SPDX-License-Identifier: Apache-2.0
#include "hub/index/version.h"

#include <fmt/format.h>

#include "proto/sqlite/database.h"

namespace sitecast::hub {

Result<std::int64_t> index_version(const std::filesystem::path& index) {
  SC_TRY_ASSIGN(auto database, Database::open_reader(index));
  return database.user_version();
}

Status check_index_version(std::int64_t version) {
  if (version == kIndexVersion) return Ok{};
  if (version < kIndexVersion) {
    return unavailable(fmt::format(
        "the index is of version {} and is built anew as version {} when the hub starts", version,
        kIndexVersion));
  }
  return failed_precondition(
      fmt::format("the index is of version {}, newer than this program, which knows {}: update "
                  "this program",
                  version, kIndexVersion));
}

}  // namespace sitecast::hub
