// SPDX-License-Identifier: Apache-2.0
// The sidecar is the journal of a track: one record per archived part, appended and synced together
// with the media file, before any receipt. Everything else (index, segments) is derived from it.
// The file begins with a header that binds the track to its device (only that device may add to it,
// and the index is rebuilt from files alone); then records follow. Big endian:
//
//   header: "sctrack\1" (8) | device id (16) | u32 CRC-32C of the 24 bytes before
//   record:
//   u32 size of body | u32 CRC-32C of body (RFC 3720 appendix B.4) | body
//   body: u8 version = 1 | u8 flags | u64 media_offset | u32 media_size_bytes | i64 received_at_us
//         | part_hash (32) | u16 E | PartEnvelope as sent | u16 P | PartProof as sent
//
// A torn tail (power cut) ends at the last whole record; a reader stops there, the writer truncates
// there when it opens the track again. Thread-safety: pure functions and single-owner readers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"

namespace sitecast::hub {

inline constexpr std::uint8_t kArrivedLive = 1;  // arrived on `live`, else on `fill`
inline constexpr std::uint8_t kCarriesInit = 2;  // envelope has an init segment: starts a segment
inline constexpr std::uint8_t kLastOfTrack = 4;

inline constexpr std::size_t kSidecarHeaderBytes = 28;

Bytes make_sidecar_header(DeviceId device);
// kDataLoss when the header is torn or damaged.
Result<DeviceId> read_sidecar_header(const File& file);

struct SidecarRecord {
  std::uint8_t flags = 0;
  std::uint64_t media_offset = 0;
  std::uint32_t media_size_bytes = 0;
  std::int64_t received_at_us = 0;
  Hash part_hash{};
  ByteView envelope_bytes;  // into the caller's buffer
  ByteView proof_bytes;
};

void append_sidecar_record(Bytes& out, const SidecarRecord& record);
// Size of the whole record in the file.
std::size_t sidecar_record_bytes(const SidecarRecord& record);

// The record at the front of `bytes` and its whole size; nullopt at a torn or damaged record (or
// end).
struct ParsedSidecarRecord {
  SidecarRecord record;
  std::size_t size_bytes = 0;
};
std::optional<ParsedSidecarRecord> parse_sidecar_record(ByteView bytes);

// Calls `visit` for each whole record from byte `offset` on (0: from the first record), reading the
// file in bounded pieces. Returns the offset after the last whole record, 0 for a file without a
// whole header. Stops early when `visit` returns false. `until`: stops before a record that would
// end beyond this offset.
Result<std::uint64_t> read_sidecar(
    const File& file, std::uint64_t offset,
    const std::function<bool(const SidecarRecord&, std::uint64_t record_offset)>& visit,
    std::uint64_t until = UINT64_MAX);

}  // namespace sitecast::hub
