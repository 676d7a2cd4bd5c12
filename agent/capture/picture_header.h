// SPDX-License-Identifier: Apache-2.0
// Size and wholeness of a JPEG or PNG read from its markers, before any decoder sees it: a file of
// a few kilobytes may claim a picture of gigabytes. Thread-safe: pure functions; bounds are checked
// at every step, nothing is allocated.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::agent {

// Largest picture that is decoded to look at it: a 200-megapixel phone photo passes, a pixel flood
// does not.
inline constexpr std::uint64_t kPhotoPixels = 210'000'000;

struct PictureHeader {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
};

// ITU-T T.81 annex B. kInvalidArgument: not a JPEG, no frame header, or cut off: the end-of-image
// marker is missing. What follows that marker (motion photos, multi-picture files) is allowed.
Result<PictureHeader> read_jpeg_header(ByteView file);

// ISO/IEC 15948 section 11: IHDR, and IEND as the last chunk's name somewhere at the end.
Result<PictureHeader> read_png_header(ByteView file);

}  // namespace sitecast::agent
