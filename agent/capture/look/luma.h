// SPDX-License-Identifier: Apache-2.0
// The brightness of a picture, small: all that is wanted of a photo. Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/base/bytes.h"

namespace sitecast::agent {

// Of the longer side; what a decoder gives is made smaller until it has fewer than twice as many.
inline constexpr std::uint32_t kEnoughPx = 640;

struct Luma {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  Bytes luma;  // rows without padding, 0..255
};

// The means of equal squares. REQUIRES: sides of at least 1, rows of `stride_bytes`.
Luma shrink_luma(const std::uint8_t* rows, std::uint32_t width_px, std::uint32_t height_px,
                 std::size_t stride_bytes);

}  // namespace sitecast::agent
