// SPDX-License-Identifier: Apache-2.0
// One run of sitecast-derive. The child gets three anonymous files and nothing else: input sealed
// against writing, output and messages limited by its own RLIMIT_FSIZE; no pipe, so neither side
// can make the other wait. What comes back is untrusted. Owner thread: the launcher's; run() blocks
// until the child is gone, stop() may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/derive/launcher.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::hub {

inline constexpr std::uint64_t kDeriveOutputBytes = 8ULL << 20;

class WorkerProcess {
 public:
  static Result<std::unique_ptr<WorkerProcess>> make(DeriveConfig config);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // The worker's output. kInvalidArgument: it says that the input cannot be shown (trying again is
  // of no use); kCancelled: stop() was called; every other kind: it crashed, was killed or ran out
  // of time.
  Result<Bytes> run(std::string_view job, ByteView input);
  void stop();

 private:
  explicit WorkerProcess(DeriveConfig config, int wake) : config_(std::move(config)), wake_(wake) {}
  DeriveConfig config_;
  int wake_;  // eventfd, readable once stop() was called
};

}  // namespace sitecast::hub
