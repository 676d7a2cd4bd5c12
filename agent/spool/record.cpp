// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/record.h"

#include <algorithm>

#include "proto/base/crc32c.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFramingBytes = 8;  // size and CRC
constexpr std::size_t kLargestBodyBytes =
    limits::kMqttPacketBytes + kRecordPrefixBytes - kFramingBytes;

template <typename Out>
void put_be(Out out, std::uint64_t value, int size_bytes) {
  for (int shift = 8 * (size_bytes - 1); shift >= 0; shift -= 8) {
    *out++ = static_cast<std::uint8_t>(value >> shift & 0xff);
  }
}

std::uint64_t get_be(ByteView bytes, std::size_t offset, std::size_t size_bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size_bytes; ++i) value = value << 8 | bytes[offset + i];
  return value;
}

}  // namespace

std::array<std::uint8_t, kRecordPrefixBytes> make_record_prefix(const RecordHead& head,
                                                                ByteView frame) {
  std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
  prefix[kFramingBytes] = kVersion;
  put_be(prefix.begin() + kRecordSequenceOffset, head.sequence, 8);
  std::copy(head.part_hash.begin(), head.part_hash.end(),
            prefix.begin() + kRecordSequenceOffset + 8);
  std::copy(head.running_hash.begin(), head.running_hash.end(),
            prefix.begin() + kRecordRunningHashOffset);
  const ByteView body_head = ByteView(prefix).subspan(kFramingBytes);
  put_be(prefix.begin(), body_head.size() + frame.size(), 4);
  put_be(prefix.begin() + 4, crc32c(body_head, frame), 4);
  return prefix;
}

std::optional<std::uint64_t> record_size_bytes(ByteView start) {
  if (start.size() < kFramingBytes) return std::nullopt;
  const std::uint64_t body = get_be(start, 0, 4);
  if (body < kRecordPrefixBytes - kFramingBytes || body > kLargestBodyBytes) return std::nullopt;
  return kFramingBytes + body;
}

std::uint64_t record_sequence(ByteView start) { return get_be(start, kRecordSequenceOffset, 8); }

Hash record_running_hash(ByteView prefix) {
  Hash hash{};
  std::copy_n(prefix.begin() + kRecordRunningHashOffset, hash.size(), hash.begin());
  return hash;
}

std::optional<RecordHead> check_record(ByteView prefix, ByteView frame) {
  const auto size = record_size_bytes(prefix);
  if (!size || prefix.size() != kRecordPrefixBytes || *size != prefix.size() + frame.size()) {
    return std::nullopt;
  }
  const ByteView body_head = prefix.subspan(kFramingBytes);
  if (get_be(prefix, 4, 4) != crc32c(body_head, frame) || body_head[0] != kVersion) {
    return std::nullopt;
  }
  RecordHead head;
  head.sequence = record_sequence(prefix);
  std::copy_n(prefix.begin() + kRecordSequenceOffset + 8, sizeof(Hash), head.part_hash.begin());
  head.running_hash = record_running_hash(prefix);
  return head;
}

}  // namespace sitecast::agent
