// SPDX-License-Identifier: Apache-2.0
// A photo file looked at: is it a whole picture, how large, what does its EXIF say, how bright is
// it where. Untrusted bytes: sizes are checked before decoders run, exceptions of the libraries
// stop here; yet this runs only inside the worker (main.cpp). Thread-safe. Blocking: decodes once,
// JPEG at a fraction of its size.
#pragma once

#include <string_view>

#include "agent/capture/look/answer.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::agent {

// `media_type` as media_type_of said. kInvalidArgument: no picture type, broken, cut off, or too
// large. kResourceExhausted: it cannot be decoded in the memory there is. HEIC: readers turn the
// picture as the file says, so width and height are those of the upright picture and orientation is
// 1, whatever its EXIF repeats.
Result<PhotoLook> look_at_picture(ByteView file, std::string_view media_type);

}  // namespace sitecast::agent
