// SPDX-License-Identifier: Apache-2.0
// The version of the index's tables: user_version in schema.sql, which a test holds to this number.
// An index of an older version is built anew from the journals when a hub starts; one of a newer
// version is left alone. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <filesystem>

#include "proto/base/result.h"

namespace sitecast::hub {

inline constexpr std::int64_t kIndexVersion = 8;

// Of an index file; 0: it has no tables yet. Errors: the database's.
Result<std::int64_t> index_version(const std::filesystem::path& index);

// Ok when a reader of this program can read tables of that version; kUnavailable while a hub of
// this program has still to build them anew; kFailedPrecondition when they are newer.
Status check_index_version(std::int64_t version);

}  // namespace sitecast::hub
