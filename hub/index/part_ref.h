// SPDX-License-Identifier: Apache-2.0
// From a sidecar record to what the index keeps of it. Thread-safe: pure function.
#pragma once

#include "hub/archive/sidecar.h"
#include "hub/index/cells.h"
#include "proto/base/result.h"
#include "proto/codec/topics.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

struct IndexedPart {
  PartRef ref;
  v1::PartEnvelope envelope;
};

// kInvalidArgument when the envelope is not one (the archive never holds such a part).
Result<IndexedPart> index_part(TrackKind kind, const SidecarRecord& record);

}  // namespace sitecast::hub
