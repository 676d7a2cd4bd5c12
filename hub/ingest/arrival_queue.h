// SPDX-License-Identifier: Apache-2.0
// What arrived from the broker and is not archived yet. Bounded in bytes: whoever sends too much
// gets its newest refused (the names of what was dropped are kept, so that it can be told), and the
// hub's memory stays what it is. Thread-safe; push() never blocks on anything but the lock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/mutex.h"

namespace sitecast::hub {

struct Arrival {
  // Keeps topic and payload alive, freed by whatever made them.
  using Owner = std::unique_ptr<void, void (*)(void*)>;
  std::string_view topic;
  ByteView payload;
  std::int64_t arrived_at_us = 0;  // monotonic
  Owner owner{nullptr, [](void*) {}};
};

class ArrivalQueue {
 public:
  explicit ArrivalQueue(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // false: dropped, because the queue is full.
  bool push(Arrival arrival);
  // Adds all that is there to `out`, waiting up to `timeout_us` for something. Their bytes count
  // until done().
  void take(std::vector<Arrival>& out, std::int64_t timeout_us);
  void done(const Arrival& arrival);
  // Ends a wait of take().
  void wake();

  // Topics with dropped arrivals since the last call, with how many.
  std::map<std::string, std::uint64_t> take_dropped();
  [[nodiscard]] std::size_t bytes() const;

 private:
  // Besides the payload: what a small one costs.
  static constexpr std::size_t kOverheadBytes = 256;
  static constexpr std::size_t kDroppedTopics = 1024;
  static std::size_t cost(const Arrival& arrival) {
    return arrival.payload.size() + arrival.topic.size() + kOverheadBytes;
  }

  const std::size_t limit_bytes_;
  mutable Mutex mutex_;
  CondVar arrived_;
  std::deque<Arrival> waiting_ SC_GUARDED_BY(mutex_);
  std::size_t bytes_ SC_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::uint64_t> dropped_ SC_GUARDED_BY(mutex_);
  bool woken_ SC_GUARDED_BY(mutex_) = false;
};

}  // namespace sitecast::hub
