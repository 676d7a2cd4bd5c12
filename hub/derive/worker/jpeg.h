// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg (ITU-T T.81). Errors leave the C library by longjmp, which is confined to
// jpeg.cpp. Owner thread: one; blocking on the CPU only.
#pragma once

#include "hub/derive/worker/picture.h"

namespace sitecast::derive {

// Upright, and already reduced by the DCT to the smallest of 1/1, 1/2, 1/4, 1/8 that keeps
// `wanted_width`. A damaged file gives the part that could be read, when at least one row could.
Result<Picture> decode_jpeg(ByteView file, std::uint32_t wanted_width);

// EXIF orientation in the payload of a JPEG's APP1 ("Exif\0\0", then TIFF; CIPA DC-008-2019 section
// 4.5); 0 when there is none.
unsigned exif_orientation(ByteView app1);

// Baseline JPEG without any metadata.
Result<Bytes> encode_jpeg(const Picture& picture, int quality);

}  // namespace sitecast::derive
