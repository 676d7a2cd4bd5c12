// SPDX-License-Identifier: Apache-2.0
// A HEIC photo through libheif. Thread-safe: each call has its own context.
#pragma once

#include <cstdint>

#include "agent/capture/look/luma.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct HeicHeader {
  std::uint32_t width_px = 0;  // upright, after the file's own rotation
  std::uint32_t height_px = 0;
  Bytes exif_tiff;  // empty when there is none
};
struct HeicPicture {
  HeicHeader header;
  Luma picture;
};

// Without decoding the picture. kInvalidArgument: damaged, or more pixels than kPhotoPixels.
Result<HeicHeader> read_heic_header(ByteView file);
// Blocking: decodes the whole picture once. kInvalidArgument as above; kResourceExhausted: there is
// not the memory for it.
Result<HeicPicture> read_heic(ByteView file);

}  // namespace sitecast::agent
