// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/event_log.h"

#include <algorithm>
#include <cassert>

#include "hub/archive/big_endian.h"
#include "proto/base/crc32c.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::uint8_t kEventVersion = 1;
constexpr std::size_t kEventFrameBytes = 8;  // size and CRC
constexpr std::size_t kEventFixedBytes = 1 + 8 + kIdBytes;
constexpr std::size_t kEventMaxBodyBytes = kEventFixedBytes + limits::kEventBytes;
constexpr std::size_t kEventReadBytes = 256 * 1024;

}  // namespace

void append_event_record(Bytes& out, const EventRecord& record) {
  assert(record.event_bytes.size() <= limits::kEventBytes);
  const std::size_t start = out.size();
  put_u32(out, static_cast<std::uint32_t>(kEventFixedBytes + record.event_bytes.size()));
  put_u32(out, 0);  // CRC, known when the body is there
  out.push_back(kEventVersion);
  put_u64(out, static_cast<std::uint64_t>(record.received_at_us));
  out.insert(out.end(), record.device.bytes().begin(), record.device.bytes().end());
  out.insert(out.end(), record.event_bytes.begin(), record.event_bytes.end());
  const std::uint32_t crc = crc32c(ByteView(out).subspan(start + kEventFrameBytes));
  set_u32(out, start + 4, crc);
}

std::optional<ParsedEventRecord> parse_event_record(ByteView bytes) {
  if (bytes.size() < kEventFrameBytes) return std::nullopt;
  const std::size_t body_bytes = get_u32(bytes, 0);
  if (body_bytes < kEventFixedBytes || body_bytes > kEventMaxBodyBytes) return std::nullopt;
  if (bytes.size() - kEventFrameBytes < body_bytes) return std::nullopt;
  const ByteView body = bytes.subspan(kEventFrameBytes, body_bytes);
  if (crc32c(body) != get_u32(bytes, 4) || body[0] != kEventVersion) return std::nullopt;
  ParsedEventRecord parsed;
  parsed.record.received_at_us = static_cast<std::int64_t>(get_u64(body, 1));
  parsed.record.device = *DeviceId::from_bytes(body.subspan(9, kIdBytes));
  parsed.record.event_bytes = body.subspan(kEventFixedBytes);
  parsed.size_bytes = kEventFrameBytes + body_bytes;
  return parsed;
}

Result<std::uint64_t> read_event_log(
    const File& file, std::uint64_t offset,
    const std::function<bool(const EventRecord&, std::uint64_t record_offset)>& visit,
    std::uint64_t until) {
  SC_TRY_ASSIGN(std::uint64_t end, file.size_bytes());
  end = std::min(end, until);
  Bytes buffer;
  while (offset < end) {
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kEventReadBytes, end - offset)));
    SC_TRY(file.read_at(offset, buffer));
    std::size_t used = 0;
    while (const auto parsed = parse_event_record(ByteView(buffer).subspan(used))) {
      const std::uint64_t record_offset = offset + used;
      used += parsed->size_bytes;
      if (!visit(parsed->record, record_offset)) return offset + used;
    }
    if (used == 0) break;  // torn or damaged: a whole record always fits into the buffer
    offset += used;
  }
  return offset;
}

}  // namespace sitecast::hub
