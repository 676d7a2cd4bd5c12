// SPDX-License-Identifier: Apache-2.0
// Turns what the encoders made into a part as it is stored and sent: envelope serialised once, part
// hash, running hash, signed head. Thread-safety: a PartBuilder belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/spool/capture_writer.h"
#include "agent/spool/record.h"
#include "proto/codec/running_hash.h"

namespace sitecast::agent {

// A whole part frame, the MQTT payload. Shared, so that the file, the live publication and the
// transport use the same bytes.
using Frame = std::shared_ptr<const std::string>;

struct BuiltPart {
  RecordHead head;
  Frame frame;
};

class PartBuilder {
 public:
  PartBuilder(CaptureId capture, std::string track)
      : capture_(capture), track_(std::move(track)), running_(capture, track_) {}

  // The next part; `commit` makes it count. kInvalidArgument when the part breaks a limit of the
  // wire. The head is signed once a second of `monotonic_us` and on the last part.
  Result<BuiltPart> build(const NewPart& part, const SigningKey& key, std::int64_t monotonic_us);
  void commit(const BuiltPart& built);

  [[nodiscard]] const RunningHash& running() const { return running_; }

 private:
  CaptureId capture_;
  std::string track_;
  RunningHash running_;
  std::int64_t signed_at_us_ = 0;
  std::int64_t pending_signed_at_us_ = 0;
};

inline constexpr std::int64_t kHeadIntervalUs = 1'000'000;

}  // namespace sitecast::agent
