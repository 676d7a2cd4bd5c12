// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/sidecar.h"

#include <algorithm>
#include <cassert>

#include "hub/archive/big_endian.h"
#include "proto/base/crc32c.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::uint8_t kSidecarVersion = 1;
constexpr std::size_t kSidecarFrameBytes = 8;  // size and CRC
constexpr std::size_t kSidecarFixedBytes =
    1 + 1 + 8 + 4 + 8 + 32 + 2 + 2;  // body without the two messages
constexpr std::size_t kSidecarMaxBodyBytes =
    kSidecarFixedBytes + limits::kEnvelopeBytes + limits::kProofBytes;
constexpr std::string_view kMagic("sctrack\1", 8);
constexpr std::size_t kSidecarReadBytes = 256 * 1024;

}  // namespace

Bytes make_sidecar_header(DeviceId device) {
  Bytes header(kMagic.begin(), kMagic.end());
  header.insert(header.end(), device.bytes().begin(), device.bytes().end());
  put_u32(header, crc32c(header));
  return header;
}

Result<DeviceId> read_sidecar_header(const File& file) {
  Bytes header(kSidecarHeaderBytes);
  SC_TRY(file.read_at(0, header));
  const ByteView bytes(header);
  if (as_text(bytes.first(kMagic.size())) != kMagic ||
      crc32c(bytes.first(kSidecarHeaderBytes - 4)) != get_u32(bytes, kSidecarHeaderBytes - 4)) {
    return data_loss("sidecar header is damaged");
  }
  return *DeviceId::from_bytes(bytes.subspan(kMagic.size(), kIdBytes));
}

std::size_t sidecar_record_bytes(const SidecarRecord& record) {
  return kSidecarFrameBytes + kSidecarFixedBytes + record.envelope_bytes.size() +
         record.proof_bytes.size();
}

void append_sidecar_record(Bytes& out, const SidecarRecord& record) {
  assert(record.envelope_bytes.size() <= limits::kEnvelopeBytes);
  assert(record.proof_bytes.size() <= limits::kProofBytes);
  const std::size_t start = out.size();
  const std::size_t body_bytes =
      kSidecarFixedBytes + record.envelope_bytes.size() + record.proof_bytes.size();
  out.reserve(start + kSidecarFrameBytes + body_bytes);
  put_u32(out, static_cast<std::uint32_t>(body_bytes));
  put_u32(out, 0);  // CRC, known when the body is there
  out.push_back(kSidecarVersion);
  out.push_back(record.flags);
  put_u64(out, record.media_offset);
  put_u32(out, record.media_size_bytes);
  put_u64(out, static_cast<std::uint64_t>(record.received_at_us));
  out.insert(out.end(), record.part_hash.begin(), record.part_hash.end());
  put_u16(out, static_cast<std::uint16_t>(record.envelope_bytes.size()));
  out.insert(out.end(), record.envelope_bytes.begin(), record.envelope_bytes.end());
  put_u16(out, static_cast<std::uint16_t>(record.proof_bytes.size()));
  out.insert(out.end(), record.proof_bytes.begin(), record.proof_bytes.end());
  const std::uint32_t crc = crc32c(ByteView(out).subspan(start + kSidecarFrameBytes));
  set_u32(out, start + 4, crc);
}

std::optional<ParsedSidecarRecord> parse_sidecar_record(ByteView bytes) {
  if (bytes.size() < kSidecarFrameBytes) return std::nullopt;
  const std::size_t body_bytes = get_u32(bytes, 0);
  if (body_bytes < kSidecarFixedBytes || body_bytes > kSidecarMaxBodyBytes) return std::nullopt;
  if (bytes.size() - kSidecarFrameBytes < body_bytes) return std::nullopt;
  const ByteView body = bytes.subspan(kSidecarFrameBytes, body_bytes);
  if (crc32c(body) != get_u32(bytes, 4) || body[0] != kSidecarVersion) return std::nullopt;

  ParsedSidecarRecord parsed;
  SidecarRecord& record = parsed.record;
  record.flags = body[1];
  record.media_offset = get_u64(body, 2);
  record.media_size_bytes = get_u32(body, 10);
  record.received_at_us = static_cast<std::int64_t>(get_u64(body, 14));
  std::copy_n(body.begin() + 22, record.part_hash.size(), record.part_hash.begin());
  const std::size_t envelope_bytes = get_u16(body, 54);
  if (envelope_bytes > limits::kEnvelopeBytes || kSidecarFixedBytes + envelope_bytes > body_bytes) {
    return std::nullopt;
  }
  record.envelope_bytes = body.subspan(56, envelope_bytes);
  const std::size_t proof_bytes = get_u16(body, 56 + envelope_bytes);
  if (proof_bytes > limits::kProofBytes ||
      kSidecarFixedBytes + envelope_bytes + proof_bytes != body_bytes) {
    return std::nullopt;
  }
  record.proof_bytes = body.subspan(58 + envelope_bytes, proof_bytes);
  parsed.size_bytes = kSidecarFrameBytes + body_bytes;
  return parsed;
}

Result<std::uint64_t> read_sidecar(
    const File& file, std::uint64_t offset,
    const std::function<bool(const SidecarRecord&, std::uint64_t record_offset)>& visit,
    std::uint64_t until) {
  SC_TRY_ASSIGN(std::uint64_t end, file.size_bytes());
  end = std::min(end, until);
  if (end < kSidecarHeaderBytes) return std::uint64_t{0};
  offset = std::max<std::uint64_t>(offset, kSidecarHeaderBytes);
  Bytes buffer;
  while (offset < end) {
    buffer.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kSidecarReadBytes, end - offset)));
    SC_TRY(file.read_at(offset, buffer));
    std::size_t used = 0;
    while (const auto parsed = parse_sidecar_record(ByteView(buffer).subspan(used))) {
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
