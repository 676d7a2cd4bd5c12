// SPDX-License-Identifier: Apache-2.0
// Photos: JPEG (libjpeg) and HEIC/HEIF (libheif), upright. Input is untrusted; this runs only
// inside the sandbox. Owner thread: one; blocking on the CPU only.
#pragma once

#include "hub/derive/worker/picture.h"

namespace sitecast::derive {

enum class PhotoFormat { kUnknown, kJpeg, kHeif };
// By the first bytes. Looks at 12 of them and nothing else, so it is safe outside the sandbox.
PhotoFormat photo_format(ByteView head);

// Decoded close to (not below) `wanted_width` where the format can do that cheaply, and turned
// upright by EXIF orientation (JPEG) or the file's own transformations (HEIF). kInvalidArgument:
// not a photo that we can show, with the reason.
Result<Picture> decode_photo(ByteView file, std::uint32_t wanted_width);

}  // namespace sitecast::derive
