// SPDX-License-Identifier: Apache-2.0
// Parts for load: real CMAF chunks that the hub's strict checks accept, every one with other bytes,
// made before the clock starts. They do not depend on the capture (that is in the topic), so one
// set serves every run. Owner thread: one.
#pragma once

#include <cstdint>
#include <random>
#include <string>
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
// Makes them one after the other.
class LoadPartMaker {
 public:
  static Result<LoadPartMaker> create(const LoadPartOptions& options);
  // `tail` stands at the very end of the chunk, at most 64 bytes.
  Result<LoadPart> next(ByteView tail = {});

 private:
  LoadPartMaker(const LoadPartOptions& options, Bytes init);

  LoadPartOptions options_;
  Bytes init_;
  std::string init_hash_;
  std::int64_t started_at_us_ = 0;
  std::mt19937_64 random_;
  Bytes sample_bytes_;
  std::size_t next_ = 0;
};
// `options.count` of them.
Result<std::vector<LoadPart>> make_load_parts(const LoadPartOptions& options);

// Event capture.opened (serialised) for a capture of the given id.
Bytes capture_opened_event(CaptureId capture);

}  // namespace sitecast::bench
