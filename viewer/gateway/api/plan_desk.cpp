// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/plan_desk.h"

#include <pthread.h>

#include <utility>

namespace sitecast::gateway {

PlanDesk::PlanDesk(std::unique_ptr<PlanOffice> office)
    : office_(std::move(office)), thread_([this] { run(); }) {}

PlanDesk::~PlanDesk() { stop(); }

void PlanDesk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  office_->stop();
  if (thread_.joinable()) thread_.join();
}

bool PlanDesk::submit(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= kWaiting) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void PlanDesk::run() {
  ::pthread_setname_np(::pthread_self(), "desk");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(*office_);
    lock.lock();
  }
}

}  // namespace sitecast::gateway
