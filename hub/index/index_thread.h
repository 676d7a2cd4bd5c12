// SPDX-License-Identifier: Apache-2.0
// Runs the index writer beside the write path: takes what became durable, at its own pace, and
// tells what became readable. Events wake it at once; parts are looked at a few times a second.
// Thread-safety: all methods from any thread. Listeners are called on the index thread and must
// only post.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "hub/index/work.h"
#include "hub/index/writer.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"

namespace sitecast::hub {

class IndexThread {
 public:
  using Listener = std::function<void(const IndexChanges&)>;

  IndexThread(std::unique_ptr<IndexWriter> writer, const Clock& clock, Listener listener, Log log);
  // Stops without storing what waits: the next start reads it again.
  ~IndexThread();
  void start();

  // Later offsets replace earlier ones, so what waits here is bounded by the open tracks and
  // projects.
  void add(const IndexWork& work);
  // Asks that everything given so far be stored; returns a ticket for flushed(). Does not block.
  std::uint64_t ask_flush();
  [[nodiscard]] bool flushed(std::uint64_t ticket);
  // Stores everything given so far, then stops; blocking. false: the index could not be written,
  // the next start will. Idempotent.
  bool stop();

  [[nodiscard]] std::uint64_t pending_records() const { return pending_records_.load(); }
  [[nodiscard]] std::uint64_t failures() const { return failures_.load(); }
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_.load(); }

 private:
  void run();
  // Waits for something to do; the newest ticket of a flush. nullopt: stop.
  std::optional<std::uint64_t> next(IndexWork& work);
  std::uint64_t flushes_done();

  std::unique_ptr<IndexWriter> writer_;
  const Clock* clock_;
  Listener listener_;
  Log log_;
  std::atomic<std::uint64_t> pending_records_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> passed_over_{0};

  Mutex mutex_;
  CondVar changed_;
  std::map<TrackKey, std::uint64_t> tracks_ SC_GUARDED_BY(mutex_);
  std::map<ProjectId, std::uint64_t> logs_ SC_GUARDED_BY(mutex_);
  std::uint64_t flushes_asked_ SC_GUARDED_BY(mutex_) = 0;
  std::uint64_t flushes_done_ SC_GUARDED_BY(mutex_) = 0;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::hub
