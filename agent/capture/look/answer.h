// SPDX-License-Identifier: Apache-2.0
// What sitecast-photo-look answers, as bytes. Big endian, no padding:
//
//   u16 width | u16 height | u32 size of metadata | v1::PhotoMetadata | luma, width x height bytes
//
// Whoever reads it does not trust the worker: it has read bytes that may have taken it over.
// Thread-safe: pure functions.
#pragma once

#include "agent/capture/look/luma.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct PhotoLook {
  v1::PhotoMetadata metadata;
  Luma picture;
};

Bytes write_photo_look(const PhotoLook& look);
// kDataLoss: not such an answer. Sides are 1 to 2 * kEnoughPx - 1, the metadata fit an event.
Result<PhotoLook> read_photo_look(ByteView answer);

}  // namespace sitecast::agent
