// SPDX-License-Identifier: Apache-2.0
#include "tests/support/media/time_code.h"

#include <cstring>

namespace sitecast::testmedia {

std::array<std::uint8_t, kCodeBytes> time_code(std::uint32_t frame, std::int64_t begun_at_us) {
  std::array<std::uint8_t, kCodeBytes> code{};
  code[0] = 0xA5;
  for (std::size_t i = 0; i < 4; ++i) {
    code[1 + i] = static_cast<std::uint8_t>(frame >> (24 - 8 * i));
  }
  const auto stamp = static_cast<std::uint64_t>(begun_at_us);
  for (std::size_t i = 0; i < 8; ++i) {
    code[5 + i] = static_cast<std::uint8_t>(stamp >> (56 - 8 * i));
  }
  std::uint32_t hash = 2166136261U;
  for (std::size_t i = 0; i < 13; ++i) hash = (hash ^ code[i]) * 16777619U;
  for (std::size_t i = 0; i < 3; ++i) {
    code[13 + i] = static_cast<std::uint8_t>(hash >> (24 - 8 * i));
  }
  return code;
}

void draw_time_code(std::uint8_t* luma, std::size_t stride, std::uint32_t frame,
                    std::int64_t begun_at_us) {
  const auto code = time_code(frame, begun_at_us);
  for (std::size_t row = 0; row < kBlockRows; ++row) {
    std::uint8_t* first = luma + row * kBlockPx * stride;
    for (std::size_t column = 0; column < kBlockColumns; ++column) {
      const std::size_t bit = row * kBlockColumns + column;
      const bool white = (code[bit / 8] >> (7 - bit % 8) & 1) != 0;
      std::memset(first + column * kBlockPx, white ? 235 : 16, kBlockPx);
    }
    for (std::size_t line = 1; line < kBlockPx; ++line) {
      std::memcpy(first + line * stride, first, kBlockColumns * kBlockPx);
    }
  }
}

}  // namespace sitecast::testmedia
