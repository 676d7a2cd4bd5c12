// SPDX-License-Identifier: Apache-2.0
#include "proto/base/crc32c.h"

#include <array>

namespace sitecast {
namespace {

// Eight tables, so that eight bytes are folded in per step ("slicing by 8").
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0U);
    tables[0][i] = value;
  }
  for (std::size_t t = 1; t < 8; ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t previous = tables[t - 1][i];
      tables[t][i] = (previous >> 8) ^ tables[0][previous & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

std::uint32_t fold_in(std::uint32_t crc, ByteView bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint8_t* p = bytes.data() + i;
    crc = kTables[7][(crc ^ p[0]) & 0xff] ^ kTables[6][((crc >> 8) ^ p[1]) & 0xff] ^
          kTables[5][((crc >> 16) ^ p[2]) & 0xff] ^ kTables[4][(crc >> 24) ^ p[3]] ^
          kTables[3][p[4]] ^ kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ kTables[0][(crc ^ bytes[i]) & 0xff];
  return crc;
}

}  // namespace

std::uint32_t crc32c(ByteView bytes) { return fold_in(0xffffffffU, bytes) ^ 0xffffffffU; }

std::uint32_t crc32c(ByteView first, ByteView second) {
  return fold_in(fold_in(0xffffffffU, first), second) ^ 0xffffffffU;
}

}  // namespace sitecast
