// SPDX-License-Identifier: Apache-2.0
// LEB128 integers, as in protobuf ("Encoding", base 128 varints; signed ones zigzag). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/base/bytes.h"

namespace sitecast::hub {

inline void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

// The difference value - base modulo 2^64, small when they are close on either side.
inline void put_difference(Bytes& out, std::uint64_t value, std::uint64_t base) {
  const auto difference = static_cast<std::int64_t>(value - base);
  put_varint(out, (static_cast<std::uint64_t>(difference) << 1) ^
                      static_cast<std::uint64_t>(difference >> 63));
}

// Reads forward; every getter returns nullopt at the end or for an integer of more than 64 bits.
class VarintReader {
 public:
  explicit VarintReader(ByteView bytes) : rest_(bytes) {}

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const std::uint8_t byte = rest_.front();
      rest_ = rest_.subspan(1);
      if (shift == 63 && byte > 1) return std::nullopt;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  std::optional<std::uint64_t> difference(std::uint64_t base) {
    const auto coded = varint();
    if (!coded) return std::nullopt;
    return base + ((*coded >> 1) ^ (~(*coded & 1) + 1));
  }
  std::optional<ByteView> bytes(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

}  // namespace sitecast::hub
