// SPDX-License-Identifier: Apache-2.0
// One run of a worker program: a process of its own that decodes untrusted media, so that this one
// need not. The child gets three anonymous files and nothing else: input sealed against writing (or
// a file opened for reading), output and messages limited by its own RLIMIT_FSIZE; no pipe, so
// neither side can make the other wait. What comes back is untrusted. Owner thread: one at a time
// runs; run() blocks until the child is gone, stop() may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

inline constexpr std::uint64_t kWorkerOutputBytes = 8ULL << 20;

// How a worker ends; anything else is a failure of its own.
inline constexpr int kWorkerCannotShow = 2;  // the input is of no use, the reason on stderr
inline constexpr int kWorkerCannotWork = 3;

struct WorkerProgram {
  std::filesystem::path program;  // started as PROGRAM JOB CPU_SECONDS MEMORY_BYTES
  std::uint32_t cpu_limit_s = 5;  // RLIMIT_CPU of one job
  std::uint32_t wall_limit_s = 20;
  std::uint64_t memory_limit_bytes = 1ULL << 30;  // RLIMIT_AS, libraries included
};

class WorkerProcess {
 public:
  static Result<std::unique_ptr<WorkerProcess>> make(WorkerProgram program);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // The worker's output. kInvalidArgument: it says that the input cannot be shown (trying again is
  // of no use); kCancelled: stop() was called; every other kind: it crashed, was killed or ran out
  // of time.
  Result<Bytes> run(std::string_view job, ByteView input);
  // The same on a regular file, opened for reading and for nothing else; without a copy of it.
  Result<Bytes> run_on_file(std::string_view job, int descriptor);
  void stop();

 private:
  explicit WorkerProcess(WorkerProgram program, int wake)
      : program_(std::move(program)), wake_(wake) {}
  const WorkerProgram program_;
  const int wake_;  // eventfd, readable once stop() was called
};

}  // namespace sitecast
