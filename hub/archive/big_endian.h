// SPDX-License-Identifier: Apache-2.0
// Big-endian integers of the archive's own file formats. Thread-safe: pure functions.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace sitecast::hub {

inline void put_u16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put_u32(Bytes& out, std::uint32_t value) {
  put_u16(out, static_cast<std::uint16_t>(value >> 16));
  put_u16(out, static_cast<std::uint16_t>(value));
}
inline void put_u64(Bytes& out, std::uint64_t value) {
  put_u32(out, static_cast<std::uint32_t>(value >> 32));
  put_u32(out, static_cast<std::uint32_t>(value));
}
// REQUIRES: offset + 4 <= out.size()
inline void set_u32(Bytes& out, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    out[offset + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

// REQUIRES of all readers: the whole integer lies within `bytes`.
inline std::uint64_t get_be(ByteView bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | bytes[offset + i];
  return value;
}
inline std::uint16_t get_u16(ByteView bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(get_be(bytes, offset, 2));
}
inline std::uint32_t get_u32(ByteView bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(get_be(bytes, offset, 4));
}
inline std::uint64_t get_u64(ByteView bytes, std::size_t offset) {
  return get_be(bytes, offset, 8);
}

}  // namespace sitecast::hub
