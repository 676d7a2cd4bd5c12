// SPDX-License-Identifier: Apache-2.0
// Syncs many files at the same time, so that they share the file system's journal commits instead
// of waiting for one each. Owner thread: one; blocking until all are done. Each file is touched by
// one thread at a time.
#pragma once

#include <thread>
#include <vector>

#include "proto/base/file.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class SyncPool {
 public:
  explicit SyncPool(std::size_t thread_count);
  ~SyncPool();
  SyncPool(const SyncPool&) = delete;
  SyncPool& operator=(const SyncPool&) = delete;

  // fdatasync of each; one status per file. The caller's thread takes part.
  std::vector<Status> sync_all(const std::vector<File*>& files);

 private:
  void run();
  // Syncs files of the current round until none is left to take.
  void work() SC_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  const std::vector<File*>* files_ SC_GUARDED_BY(mutex_) = nullptr;  // of the current round
  std::vector<Status>* results_ SC_GUARDED_BY(mutex_) = nullptr;
  std::size_t taken_ SC_GUARDED_BY(mutex_) = 0;
  std::size_t done_ SC_GUARDED_BY(mutex_) = 0;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sitecast::hub
