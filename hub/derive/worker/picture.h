// SPDX-License-Identifier: Apache-2.0
// Pictures in memory and the few things a thumbnail needs. Our own code instead of an image
// library: the process that decodes hostile bytes shall map as little foreign code as possible, and
// all of this is a hundred lines. Thread-safe: value types and pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::derive {

// 8-bit RGB, rows back to back without padding.
struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  Bytes rgb;
};

// Largest picture that is decoded at all, in pixels after the decoder's own downscaling.
inline constexpr std::uint64_t kMaxPixels = 80'000'000;

Picture make_picture(std::uint32_t width, std::uint32_t height);  // black

// Averages areas; never enlarges: a smaller picture comes back as it is.
Picture shrink(const Picture& picture, std::uint32_t max_width, std::uint32_t max_height);
// Upright picture from one stored with EXIF `orientation` (CIPA DC-008-2019 section 4.6.4.A,
// tag 0x0112); values outside 2..8 mean upright already.
Picture orient(Picture picture, unsigned orientation);
// Copies `tile` into `sheet` with its top left corner at (x, y). REQUIRES: it fits.
void paste(Picture& sheet, const Picture& tile, std::uint32_t x, std::uint32_t y);

// Planes of 4:2:0 video, BT.601 or BT.709 by height as players assume when nothing is signalled.
struct YuvView {
  const std::uint8_t* planes[3] = {};
  std::size_t strides[3] = {};
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};
// Takes every n-th pixel where that still leaves twice `wanted_width`: most of the work of a sprite
// is here, and shrink() averages afterwards.
Picture from_i420(const YuvView& yuv, std::uint32_t wanted_width);

}  // namespace sitecast::derive
