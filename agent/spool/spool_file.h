// SPDX-License-Identifier: Apache-2.0
// One file of a track in the spool: its name, and what is known of it without reading it.
// Thread-safety: plain values and pure functions; scan_offsets reads the file (blocking).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct SpoolFile {
  std::uint64_t first = 0;  // sequence of its first record
  // Grows with each rewrite after a failed sync. A file of a lower attempt than one that begins
  // before it does not count any more.
  std::uint32_t attempt = 0;
  std::uint64_t count = 0;       // records that count; what follows them in the file does not
  std::uint64_t size_bytes = 0;  // of those records
  // Start of each record, and the end of the last; empty when not loaded.
  std::vector<std::uint32_t> offsets;

  [[nodiscard]] std::uint64_t end() const { return first + count; }
};

// `{track}.{first, 12 hex digits}.{attempt}.parts`
std::string spool_file_name(std::string_view track, std::uint64_t first, std::uint32_t attempt);

struct SpoolFileName {
  std::string track;
  std::uint64_t first = 0;
  std::uint32_t attempt = 0;
};
// nullopt when it is not one of ours.
std::optional<SpoolFileName> parse_spool_file_name(std::string_view name);

// Offsets of the first `count` records of a file (and the end of the last), by their size fields
// and sequences alone. kDataLoss when there are fewer.
Result<std::vector<std::uint32_t>> scan_offsets(const File& file, std::uint64_t first,
                                                std::uint64_t count);

}  // namespace sitecast::agent
