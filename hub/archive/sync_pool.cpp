// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/sync_pool.h"

#include <pthread.h>

namespace sitecast::hub {

SyncPool::SyncPool(std::size_t thread_count) {
  for (std::size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { run(); });
}

SyncPool::~SyncPool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

std::vector<Status> SyncPool::sync_all(const std::vector<File*>& files) {
  std::vector<Status> results(files.size(), Status(Ok{}));
  {
    const MutexLock lock(mutex_);
    files_ = &files;
    results_ = &results;
    taken_ = 0;
    done_ = 0;
    changed_.notify_all();
  }
  work();
  const MutexLock lock(mutex_);
  while (done_ < files.size()) changed_.wait(mutex_);
  files_ = nullptr;
  results_ = nullptr;
  return results;
}

void SyncPool::run() {
  ::pthread_setname_np(::pthread_self(), "sync");
  for (;;) {
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && (files_ == nullptr || taken_ >= files_->size())) changed_.wait(mutex_);
      if (stopping_) return;
    }
    work();
  }
}

void SyncPool::work() {
  for (;;) {
    File* file = nullptr;
    Status* result = nullptr;
    {
      const MutexLock lock(mutex_);
      if (files_ == nullptr || taken_ >= files_->size()) return;
      file = (*files_)[taken_];
      result = &(*results_)[taken_];
      ++taken_;
    }
    *result = file->sync_data();
    const MutexLock lock(mutex_);
    if (++done_ == files_->size()) changed_.notify_all();
  }
}

}  // namespace sitecast::hub
