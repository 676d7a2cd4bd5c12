// SPDX-License-Identifier: Apache-2.0
// The thread on which sheets are read and events are stated, one after the other: what takes
// seconds waits for no read thread and holds up none. Thread-safe: submit() from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "viewer/gateway/api/plan_office.h"

namespace sitecast::gateway {

class PlanDesk {
 public:
  using Task = std::function<void(PlanOffice&)>;

  explicit PlanDesk(std::unique_ptr<PlanOffice> office);
  ~PlanDesk();  // stops
  // Tasks that have not begun are dropped; the running one is ended or waited for. Idempotent.
  void stop();

  // False when too many wait already: answer 503. Each may hold a file of 20 MB.
  bool submit(Task task);

 private:
  void run();

  static constexpr std::size_t kWaiting = 8;
  const std::unique_ptr<PlanOffice> office_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;  // by mutex_
  bool stopping_ = false;   // by mutex_
  std::thread thread_;
};

}  // namespace sitecast::gateway
