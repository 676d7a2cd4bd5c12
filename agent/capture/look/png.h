// SPDX-License-Identifier: Apache-2.0
// The brightness of a PNG picture, small, through libpng (ISO/IEC 15948). Untrusted bytes.
// Thread-safe: each call has its own decoder. Blocking on the CPU only.
#pragma once

#include "agent/capture/look/luma.h"
#include "proto/base/result.h"

namespace sitecast::agent {

// kInvalidArgument: damaged, or more pixels than kPhotoPixels.
Result<Luma> read_png_luma(ByteView file);

}  // namespace sitecast::agent
