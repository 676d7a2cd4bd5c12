// SPDX-License-Identifier: Apache-2.0
// The brightness of a JPEG picture, small, and whether all of the picture is there: by libjpeg
// (ITU-T T.81). Untrusted bytes. Errors leave the C library by longjmp, which is confined to
// jpeg.cpp. Thread-safe: each call has its own decoder. Blocking on the CPU only.
#pragma once

#include <cstdint>

#include "agent/capture/look/luma.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::agent {

// Reduced while decoding to the smallest of 1/1, 1/2, 1/4, 1/8 whose longer side is at least
// `enough_px`, which makes large photos cheap. kInvalidArgument: it cannot be decoded, or data are
// missing or garbled somewhere in it, which decoders paint over in one colour: a picture is whole
// or it is refused. Also when it has more pixels than kPhotoPixels. kResourceExhausted: there is
// not the memory to decode it.
Result<Luma> read_jpeg_luma(ByteView file, std::uint32_t enough_px);

}  // namespace sitecast::agent
