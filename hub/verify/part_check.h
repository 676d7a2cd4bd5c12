// SPDX-License-Identifier: Apache-2.0
// Whether an arrival on `live` or `fill` is a part as the wire demands: frame, envelope, proof,
// hash, and the boxes of its media. Looks only at the part itself; what the archive knows
// (duplicates, conflicts, the chain) is the archive's to judge. Thread-safe: pure functions on
// untrusted bytes.
#pragma once

#include "hub/archive/track_file.h"
#include "proto/base/result.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

struct CheckedPart {
  PartToStore part;  // views into the payload; received_at_us is the caller's to set
  v1::PartProof proof;
};

// kInvalidArgument with what was wrong: such a part is never accepted as it was sent.
Result<CheckedPart> check_part(const Topic& topic, ByteView payload);

}  // namespace sitecast::hub
