// SPDX-License-Identifier: Apache-2.0
#include "hub/check/journal_rest.h"

#include <algorithm>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::size_t kFramingBytes = 1024;  // more than either journal adds to its messages

}  // namespace

Result<JournalRest> look_behind(const File& file, std::uint64_t from, std::uint64_t to,
                                std::size_t longest, const RecordSize& record_size) {
  JournalRest rest;
  rest.bytes = to - std::min(from, to);
  Bytes window;
  for (std::uint64_t at = from; at < to;) {
    window.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes + longest, to - at)));
    SC_TRY(file.read_at(at, window));
    // A record that begins in the last `longest` bytes may not be whole in this window.
    const std::size_t beginnings =
        at + window.size() == to ? window.size() : window.size() - longest;
    std::size_t used = 0;
    while (used < beginnings) {
      const std::size_t size = record_size(ByteView(window).subspan(used));
      if (size > 0 && rest.whole_records++ == 0) rest.first_whole_at = at + used;
      used += std::max<std::size_t>(size, 1);
    }
    at += used;
  }
  return rest;
}

Result<JournalRest> sidecar_rest(const File& file, std::uint64_t from, std::uint64_t to) {
  constexpr std::size_t kLongest = limits::kEnvelopeBytes + limits::kProofBytes + kFramingBytes;
  return look_behind(file, from, to, kLongest, [](ByteView bytes) {
    const auto record = parse_sidecar_record(bytes);
    return record ? record->size_bytes : 0;
  });
}

Result<JournalRest> event_log_rest(const File& file, std::uint64_t from, std::uint64_t to) {
  return look_behind(file, from, to, limits::kEventBytes + kFramingBytes, [](ByteView bytes) {
    const auto record = parse_event_record(bytes);
    return record ? record->size_bytes : 0;
  });
}

}  // namespace sitecast::hub
