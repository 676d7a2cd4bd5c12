// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/read_pool.h"

#include <fmt/format.h>
#include <pthread.h>

namespace sitecast::gateway {
namespace {
constexpr std::size_t kWaitingTasks = 1000;
}

ReadPool::ReadPool(std::size_t thread_count, ReaderFactory open_reader)
    : open_reader_(std::move(open_reader)) {
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this, i] { run(i); });
  }
}

ReadPool::~ReadPool() { stop(); }

void ReadPool::stop() {
  std::deque<Task> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool ReadPool::submit(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= kWaitingTasks) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

std::size_t ReadPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void ReadPool::run(std::size_t number) {
  ::pthread_setname_np(::pthread_self(), fmt::format("read-{}", number).c_str());
  std::unique_ptr<hub::IndexReader> reader;
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    if (!reader) {
      auto opened = open_reader_();
      if (!opened.ok()) {
        task(opened.error());
        continue;
      }
      reader = std::move(*opened);
    }
    task(reader.get());
  }
}

}  // namespace sitecast::gateway
