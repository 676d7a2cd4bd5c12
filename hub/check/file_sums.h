// SPDX-License-Identifier: Apache-2.0
// SHA256SUMS: every file of an export and its hash, in the format of `sha256sum`, so that anyone
// can check it with a common tool (`sha256sum -c SHA256SUMS`). One line per file, sorted by name:
// 64 hex digits, two spaces, the name relative to the folder. Thread-safe: pure functions over
// files. Blocking; every byte is read.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "proto/base/result.h"
#include "proto/base/sha256.h"

namespace sitecast::hub {

inline constexpr std::string_view kSumsName = "SHA256SUMS";

Result<Hash> hash_file(const std::filesystem::path& path);

// Hashes all files under `dir` and writes SHA256SUMS there, durably.
Status write_sums(const std::filesystem::path& dir);

// Holds the folder against its SHA256SUMS: each file that was altered, is missing or was added is
// one sentence. kDataLoss when SHA256SUMS itself is missing or not in the form above.
Status check_sums(const std::filesystem::path& dir,
                  const std::function<void(const std::string&)>& problem);

}  // namespace sitecast::hub
