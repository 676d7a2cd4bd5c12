// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/look/luma.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

// Bounded by the picture: the last square of a row or column may be narrower.
std::uint8_t mean_of(const std::uint8_t* rows, std::size_t stride_bytes, std::uint32_t width,
                     std::uint32_t height) {
  std::uint64_t sum = 0;
  for (std::uint32_t y = 0; y < height; ++y) {
    const std::uint8_t* row = rows + y * stride_bytes;
    for (std::uint32_t x = 0; x < width; ++x) sum += row[x];
  }
  const std::uint64_t count = std::uint64_t{width} * height;
  return static_cast<std::uint8_t>((sum + count / 2) / count);
}

}  // namespace

Luma shrink_luma(const std::uint8_t* rows, std::uint32_t width_px, std::uint32_t height_px,
                 std::size_t stride_bytes) {
  const std::uint32_t square = std::max(std::max(width_px, height_px) / kEnoughPx, 1U);
  Luma small;
  small.width_px = std::max(width_px / square, 1U);
  small.height_px = std::max(height_px / square, 1U);
  small.luma.reserve(std::size_t{small.width_px} * small.height_px);
  for (std::uint32_t y = 0; y < small.height_px; ++y) {
    const std::uint32_t high = std::min(square, height_px - y * square);
    for (std::uint32_t x = 0; x < small.width_px; ++x) {
      const std::uint32_t wide = std::min(square, width_px - x * square);
      small.luma.push_back(
          mean_of(rows + std::size_t{y} * square * stride_bytes + std::size_t{x} * square,
                  stride_bytes, wide, high));
    }
  }
  return small;
}

}  // namespace sitecast::agent
