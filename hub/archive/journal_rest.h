// SPDX-License-Identifier: Apache-2.0
// What lies in a journal behind the last record that can be read: nothing but remains of the last
// group after a crash, or whole records, and then the place before them was damaged. Every record
// carries a checksum, so one is recognised at any offset. Whoever cuts, judges or builds upon such
// an end asks may_be_torn(), so that they all decide alike. Thread-safe: pure functions over files.
// Blocking, in proportion to the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "proto/base/bytes.h"
#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct JournalRest {
  std::uint64_t bytes = 0;
  std::uint64_t whole_records = 0;
  std::uint64_t first_whole_at = 0;  // offset in the file
  bool never_written = false;  // before that (or the end) lies a sector that the disk never got
};

// One group of events is far shorter.
inline constexpr std::uint64_t kLongestTornLogTail = 8ULL * 1024 * 1024;

// Whether a crash may have left this: no longer than a group, and no whole record behind the place
// that cannot be read. A crash may write a later block of the group and not an earlier one; then
// the earlier one is zeros, which damage to what was written is not.
bool may_be_torn(const JournalRest& rest, std::uint64_t longest);

// Whether bytes that lie at `at` in a file hold a sector of zeros (its part from `at` on counts).
bool holds_unwritten_sector(ByteView bytes, std::uint64_t at);

// The size of the whole record at the front of the bytes, 0 if there is none.
using RecordSize = std::function<std::size_t(ByteView)>;

// Of the bytes [from, to). `longest`: no record is larger.
Result<JournalRest> look_behind(const File& file, std::uint64_t from, std::uint64_t to,
                                std::size_t longest, const RecordSize& record_size);

// What is said of a journal that nobody may write to any more, with what to do.
Error damaged_journal(const std::filesystem::path& path, std::uint64_t at);

Result<JournalRest> sidecar_rest(const File& file, std::uint64_t from, std::uint64_t to);
Result<JournalRest> event_log_rest(const File& file, std::uint64_t from, std::uint64_t to);

}  // namespace sitecast::hub
