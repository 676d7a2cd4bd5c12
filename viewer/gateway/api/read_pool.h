// SPDX-License-Identifier: Apache-2.0
// The threads on which the gateway reads index and disk, so that the io thread never waits for
// either. Each has its own IndexReader, opened when first needed and again after it failed.
// Thread-safe: submit() from any thread; tasks run on one of the pool's threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hub/index/reader.h"
#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::gateway {

class ReadPool {
 public:
  using ReaderFactory = std::function<Result<std::unique_ptr<hub::IndexReader>>()>;
  // The reader is the thread's own for the duration of the call; an Error when there is no index.
  using Task = std::function<void(Result<hub::IndexReader*>)>;

  ReadPool(std::size_t thread_count, ReaderFactory open_reader);
  ~ReadPool();  // stops
  // Tasks that have not begun are dropped. Idempotent, blocking until the running ones are done.
  void stop();

  // False when over 1,000 tasks wait already: answer 503.
  bool submit(Task task);
  [[nodiscard]] std::size_t waiting() const;

 private:
  void run(std::size_t number);

  const ReaderFactory open_reader_;
  const Log log_{"gateway/read"};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;  // by mutex_
  bool stopping_ = false;   // by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace sitecast::gateway
