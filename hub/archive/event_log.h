// SPDX-License-Identifier: Apache-2.0
// The event log of a project: append-only, synced before any receipt, and the audit log. Every
// table about events is a projection of it. Record, big endian:
//
//   u32 size of body | u32 CRC-32C of body (RFC 3720 appendix B.4) | body
//   body: u8 version = 1 | i64 received_at_us | device id (16) | Event as sent
//
// A torn tail ends at the last whole record, as in the sidecar. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct EventRecord {
  std::int64_t received_at_us = 0;
  DeviceId device;       // who published it; nil: the hub's own commands
  ByteView event_bytes;  // v1::Event as sent, into the caller's buffer
};

// REQUIRES: event_bytes within limits::kEventBytes.
void append_event_record(Bytes& out, const EventRecord& record);

struct ParsedEventRecord {
  EventRecord record;
  std::size_t size_bytes = 0;
};
// nullopt at a torn or damaged record (or end).
std::optional<ParsedEventRecord> parse_event_record(ByteView bytes);

// Calls `visit` for each whole record from `offset` on that ends at or before `until`; returns the
// offset after the last one. Stops early when `visit` returns false.
Result<std::uint64_t> read_event_log(
    const File& file, std::uint64_t offset,
    const std::function<bool(const EventRecord&, std::uint64_t record_offset)>& visit,
    std::uint64_t until = UINT64_MAX);

}  // namespace sitecast::hub
