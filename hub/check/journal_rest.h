// SPDX-License-Identifier: Apache-2.0
// What lies in a journal behind the last record that can be read: nothing but remains of the last
// group after a crash, or whole records, and then the place before them was damaged. Every record
// carries a checksum, so one is recognised at any offset. Thread-safe: pure functions over files.
// Blocking, in proportion to the rest.
#pragma once

#include <cstdint>
#include <functional>

#include "proto/base/bytes.h"
#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct JournalRest {
  std::uint64_t bytes = 0;
  std::uint64_t whole_records = 0;
  std::uint64_t first_whole_at = 0;  // offset in the file
};

// The size of the whole record at the front of the bytes, 0 if there is none.
using RecordSize = std::function<std::size_t(ByteView)>;

// Of the bytes [from, to). `longest`: no record is larger.
Result<JournalRest> look_behind(const File& file, std::uint64_t from, std::uint64_t to,
                                std::size_t longest, const RecordSize& record_size);

Result<JournalRest> sidecar_rest(const File& file, std::uint64_t from, std::uint64_t to);
Result<JournalRest> event_log_rest(const File& file, std::uint64_t from, std::uint64_t to);

}  // namespace sitecast::hub
