// SPDX-License-Identifier: Apache-2.0
// Parts for load: real CMAF chunks that the hub's strict checks accept, every one with other bytes,
// made before the clock starts. They do not depend on the capture (that is in the topic), so one
// set serves every run. Owner thread: one.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"

namespace sitecast::bench {

struct LoadPart {
  Bytes frame;  // proto/codec/part_frame.h
  Hash hash{};
};

struct LoadPartOptions {
  std::size_t media_bytes = 64 * 1024;  // size of the chunk, moof included, within a few bytes
  std::size_t count = 0;
  std::uint32_t parts_per_second = 30;
  std::uint64_t seed = 1;
};
Result<std::vector<LoadPart>> make_load_parts(const LoadPartOptions& options);

// Event capture.opened (serialised) for a capture of the given id.
Bytes capture_opened_event(CaptureId capture);

}  // namespace sitecast::bench
