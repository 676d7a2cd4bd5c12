// SPDX-License-Identifier: Apache-2.0
// Makes derived media (thumbnails, scrub sprites) by starting one `sitecast-derive` process per
// job: the hub itself never decodes media. The hub reports what has become durable; jobs wait in a
// queue and run one at a time on the launcher's own thread, so nothing here ever holds up a
// receipt.
//
//   photo_complete   thumbnail.jpg of the photo
//   segment_closed   thumbnail.jpg of a video capture, from its first closed segment
//   capture_closed   sprite.jpg + sprite.json (and the thumbnail if there is none yet); reported
//   again
//                    when a closed capture becomes complete, it makes the sprite anew
//
// A job that waits is a file in STATE/derived/pending, so a killed hub takes it up again at start.
// A job whose worker fails, is killed or runs out of time is tried kAttempts times in all; then the
// cause is kept in STATE/derived/…/failed.json and the job is not tried again.
// Thread-safety: the three reports may come from any thread; they only post (one lock, at most one
// small file made, no sync). start() and the destructor belong to the owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "hub/archive/layout.h"
#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct DeriveConfig {
  std::filesystem::path worker;     // sitecast-derive
  bool enabled = true;              // [derive] enabled; false: reports are ignored
  std::uint32_t cpu_limit_s = 5;    // RLIMIT_CPU of one job
  std::uint32_t wall_limit_s = 20;  // a nice-19 process on a busy machine gets little CPU
  std::uint64_t memory_limit_bytes = 1ULL << 30;  // RLIMIT_AS; libraries alone map about 300 MB
};

struct DeriveCounters {
  std::uint64_t waiting = 0;  // jobs in the queue now
  std::uint64_t made = 0;     // since start
  std::uint64_t failed = 0;   // attempts that failed, since start
};

class DeriveLauncher {
 public:
  // kInvalidArgument when enabled and `worker` is not an executable file.
  static Result<std::unique_ptr<DeriveLauncher>> start(DeriveConfig config, Layout layout, Log log);
  // Kills a running worker, joins. Waiting jobs stay pending for the next start.
  virtual ~DeriveLauncher() = default;

  virtual void segment_closed(ProjectId project, CaptureId capture, std::string_view track) = 0;
  virtual void photo_complete(ProjectId project, CaptureId capture, std::string_view track) = 0;
  virtual void capture_closed(ProjectId project, CaptureId capture) = 0;

  [[nodiscard]] virtual DeriveCounters counters() const = 0;
};

}  // namespace sitecast::hub
