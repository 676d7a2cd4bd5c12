// SPDX-License-Identifier: Apache-2.0
// Makes a group's files durable at a cost per group rather than per file: a few by fdatasync, many
// by one syncfs of the file system or by fdatasync of all at the same time, whichever measured
// cheaper (hub/archive/README.md, "Sync").
// What lies on another file system (a mount of its own) is synced by itself.
// Owner thread: the commit thread. Blocking.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include "hub/archive/sync_pool.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class Syncer {
 public:
  // `folder`: on the file system of most files.
  static Result<Syncer> open(const std::filesystem::path& folder, const Clock& clock);

  // The files' contents and what is new in the folders. One status per file; a folder that cannot
  // be synced fails them all. After an error a file's dirty pages may be gone: its owner rolls it
  // back.
  std::vector<Status> sync(const std::vector<File*>& files,
                           const std::set<std::filesystem::path>& folders);

 private:
  Syncer(File folder, const Clock& clock);
  [[nodiscard]] bool prefer_syncfs(std::size_t count);
  Status sync_file_system();
  Status sync_elsewhere(const std::vector<File*>& files,
                        const std::set<std::filesystem::path>& folders,
                        std::vector<Status>& results) const;
  std::vector<Status> sync_at_once(const std::vector<File*>& files);

  File folder_;
  dev_t device_ = 0;  // the folder's file system
  const Clock* clock_;
  bool syncfs_reports_errors_ = false;
  std::int64_t syncfs_us_ = 0;  // how long the last one took
  std::uint32_t rounds_since_syncfs_ = 0;
  double file_us_;  // per file when many are synced at the same time, of the last rounds
  std::unique_ptr<SyncPool> pool_;
};

}  // namespace sitecast::hub
