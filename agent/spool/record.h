// SPDX-License-Identifier: Apache-2.0
// Record of a part in the spool's files, one after the other, big endian:
//
//   u32 size of body | u32 CRC-32C of body (RFC 3720 appendix B.4) | body
//   body: u8 version = 1 | u64 sequence | part hash (32) | R(sequence + 1) (32) | part frame
//
// The part frame (proto/codec/part_frame.h) is the MQTT payload as it is sent, so that a part is
// never put together twice. R is the track's running hash (proto/codec/running_hash.h): it ties the
// record to its capture, its track and every part before it, and is what a receipt is compared
// with. Thread-safety: pure functions. Views point into the caller's bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/sha256.h"

namespace sitecast::agent {

inline constexpr std::size_t kRecordPrefixBytes = 8 + 1 + 8 + 32 + 32;
// Offset of R within a record, and of the sequence.
inline constexpr std::size_t kRecordSequenceOffset = 9;
inline constexpr std::size_t kRecordRunningHashOffset = 49;

struct RecordHead {
  std::uint64_t sequence = 0;
  Hash part_hash{};
  Hash running_hash{};  // R(sequence + 1)
};

// Everything of the record before `frame`.
std::array<std::uint8_t, kRecordPrefixBytes> make_record_prefix(const RecordHead& head,
                                                                ByteView frame);

// Whole size of the record that starts with these (at least 8) bytes, from its size field alone;
// nullopt when the field cannot be that of a record.
std::optional<std::uint64_t> record_size_bytes(ByteView start);

// The sequence in the first 17 bytes of a record, and R(sequence + 1) in its prefix; unchecked.
std::uint64_t record_sequence(ByteView start);
Hash record_running_hash(ByteView prefix);

// The head of a record whose prefix and frame were read apart; nullopt when it is torn or damaged.
std::optional<RecordHead> check_record(ByteView prefix, ByteView frame);

}  // namespace sitecast::agent
