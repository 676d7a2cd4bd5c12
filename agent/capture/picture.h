// SPDX-License-Identifier: Apache-2.0
// A photo file looked at: is it a whole picture, how large, what does its EXIF say, is it any use.
// Untrusted bytes: sizes are checked before decoders run, exceptions of the libraries stop here.
// Thread-safe. Blocking: decodes once, JPEG at a fraction of its size.
#pragma once

#include <string>

#include "agent/vision/quality.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct Picture {
  v1::PhotoMetadata metadata;
  QualityMeasure quality;
};

// `media_type` as media_type_of said. kInvalidArgument: no picture type, broken, cut off, or too
// large. HEIC: readers turn the picture as the file says, so width and height are those of the
// upright picture and orientation is 1, whatever its EXIF repeats.
Result<Picture> look_at_picture(ByteView file, const std::string& media_type);

}  // namespace sitecast::agent
