// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/journal_rest.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kRestReadBytes = 1024 * 1024;
constexpr std::size_t kFramingBytes = 1024;  // more than either journal adds to its messages
constexpr std::uint64_t kSectorBytes = 512;  // no file system writes less
constexpr std::uint64_t kFewestZeros = 16;   // of a sector that begins before the damage

}  // namespace

bool may_be_torn(const JournalRest& rest, std::uint64_t longest) {
  return rest.bytes <= longest && (rest.whole_records == 0 || rest.never_written);
}

bool holds_unwritten_sector(ByteView bytes, std::uint64_t at) {
  const std::uint64_t end = at + bytes.size();
  for (std::uint64_t from = at; from < end;) {
    const std::uint64_t to = std::min((from / kSectorBytes + 1) * kSectorBytes, end);
    const ByteView sector =
        bytes.subspan(static_cast<std::size_t>(from - at), static_cast<std::size_t>(to - from));
    if (sector.size() >= kFewestZeros &&
        std::all_of(sector.begin(), sector.end(), [](std::uint8_t byte) { return byte == 0; })) {
      return true;
    }
    from = to;
  }
  return false;
}

Result<JournalRest> look_behind(const File& file, std::uint64_t from, std::uint64_t to,
                                std::size_t longest, const RecordSize& record_size) {
  JournalRest rest;
  rest.bytes = to - std::min(from, to);
  Bytes window;
  for (std::uint64_t at = from; at < to;) {
    window.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kRestReadBytes + longest, to - at)));
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
    if (rest.whole_records == 0 || rest.first_whole_at >= at) {
      const std::uint64_t before = rest.whole_records == 0 ? used : rest.first_whole_at - at;
      rest.never_written |=
          holds_unwritten_sector(ByteView(window).first(static_cast<std::size_t>(before)), at);
    }
    at += used;
  }
  return rest;
}

Error damaged_journal(const std::filesystem::path& path, std::uint64_t at) {
  return data_loss(fmt::format(
      "{} is damaged at byte {} and what lies behind that is read by nobody, so nothing "
      "is added to it; to do: stop the hub, copy the file before anything else, and "
      "restore it from a backup (`sitecast-hub check` names all such files)",
      path.string(), at));
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
