// SPDX-License-Identifier: Apache-2.0
// What the launcher hands over for video: CMAF bytes, init segments (ftyp moov) and chunks
// (moof mdat) back to back, each chunk decoded by the init segment before it. Untrusted input.
// Thread-safe: pure functions; views point into the caller's bytes.
#pragma once

#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::derive {

struct KeyFrame {
  ByteView avcc;  // empty: the chunk cannot be shown
  ByteView access_unit;
};

// One entry per chunk, in order. kInvalidArgument when the bytes are not such a sequence.
Result<std::vector<KeyFrame>> read_clip(ByteView bytes);

}  // namespace sitecast::derive
