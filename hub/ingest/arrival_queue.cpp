// SPDX-License-Identifier: Apache-2.0
#include "hub/ingest/arrival_queue.h"

#include <iterator>
#include <utility>

namespace sitecast::hub {

bool ArrivalQueue::push(Arrival arrival) {
  const std::size_t bytes = cost(arrival);
  const MutexLock lock(mutex_);
  if (bytes_ + bytes > limit_bytes_) {
    const std::string topic(arrival.topic);
    if (dropped_.size() < kDroppedTopics || dropped_.count(topic) > 0) ++dropped_[topic];
    return false;
  }
  bytes_ += bytes;
  waiting_.push_back(std::move(arrival));
  if (waiting_.size() == 1) arrived_.notify_one();
  return true;
}

void ArrivalQueue::take(std::vector<Arrival>& out, std::int64_t timeout_us) {
  const MutexLock lock(mutex_);
  if (waiting_.empty() && !woken_ && timeout_us > 0) arrived_.wait_for_us(mutex_, timeout_us);
  woken_ = false;
  out.insert(out.end(), std::make_move_iterator(waiting_.begin()),
             std::make_move_iterator(waiting_.end()));
  waiting_.clear();
}

void ArrivalQueue::done(const Arrival& arrival) {
  const MutexLock lock(mutex_);
  bytes_ -= cost(arrival);
}

void ArrivalQueue::wake() {
  const MutexLock lock(mutex_);
  woken_ = true;
  arrived_.notify_one();
}

std::map<std::string, std::uint64_t> ArrivalQueue::take_dropped() {
  const MutexLock lock(mutex_);
  return std::exchange(dropped_, {});
}

std::size_t ArrivalQueue::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace sitecast::hub
