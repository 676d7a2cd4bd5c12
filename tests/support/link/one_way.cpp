// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/one_way.h"

#include <algorithm>
#include <utility>

namespace sitecast::link {

void OneWay::set_drain(Drain drain, std::int64_t now_ns) {
  settle(now_ns);
  drain_ = std::move(drain);
  // What waits is sent anew at the new pace, the first of it from its beginning.
  last_leaves_ns_ = now_ns;
  for (Waiting& waiting : queue_) {
    last_leaves_ns_ = waiting.leaves_ns =
        last_leaves_ns_ == kNever ? kNever
                                  : drain_.leaves_at(last_leaves_ns_, waiting.packet.size());
  }
}

void OneWay::drop(std::uint64_t& counter, const Packet& packet) {
  counter += 1;
  counters_.dropped_bytes += packet.size();
}

void OneWay::take(Packet packet, std::int64_t now_ns) {
  settle(now_ns);
  counters_.packets_in += 1;
  counters_.bytes_in += packet.size();
  if (down_) return drop(counters_.dropped_down, packet);
  if (queue_bytes_ + packet.size() > queue_bytes_limit_) {
    return drop(counters_.dropped_queue, packet);
  }
  const std::int64_t begin_ns = std::max(now_ns, last_leaves_ns_);
  Drain before = drain_;
  const std::int64_t leaves_ns =
      begin_ns == kNever ? kNever : drain_.leaves_at(begin_ns, packet.size());
  // Nobody can say how long a link that stands still will: there the bytes alone count.
  if (leaves_ns != kNever && leaves_ns - now_ns > queue_ns_limit_ && !queue_.empty()) {
    drain_ = std::move(before);
    return drop(counters_.dropped_queue, packet);
  }
  last_leaves_ns_ = leaves_ns;
  queue_bytes_ += packet.size();
  queue_.push_back({std::move(packet), now_ns, leaves_ns});
}

void OneWay::settle(std::int64_t now_ns) {
  while (!queue_.empty() && queue_.front().leaves_ns <= now_ns) {
    Waiting waiting = std::move(queue_.front());
    queue_.pop_front();
    queue_bytes_ -= waiting.packet.size();
    counters_.queued.add(waiting.leaves_ns - waiting.arrived_ns);
    const Fate fate = dice_.throw_for(chances_);
    if (down_) {
      drop(counters_.dropped_down, waiting.packet);
      continue;
    }
    if (fate.lost) {
      drop(counters_.dropped_loss, waiting.packet);
      continue;
    }
    if (fate.twice) {
      counters_.duplicated += 1;
      fly(waiting.packet, waiting.arrived_ns, waiting.leaves_ns, 0);
    }
    if (fate.held_ns > 0) counters_.held_back += 1;
    fly(std::move(waiting.packet), waiting.arrived_ns, waiting.leaves_ns, fate.held_ns);
  }
}

void OneWay::fly(Packet packet, std::int64_t arrived_ns, std::int64_t leaves_ns,
                 std::int64_t held_ns) {
  std::int64_t due_ns = std::max(leaves_ns + delay_ns_, last_due_ns_);
  if (held_ns == 0) last_due_ns_ = due_ns;
  air_.push({due_ns + held_ns, ++order_, arrived_ns, std::move(packet)});
}

std::optional<Arrived> OneWay::pop(std::int64_t now_ns) {
  settle(now_ns);
  while (!air_.empty() && air_.top().due_ns <= now_ns) {
    Flying top = std::move(const_cast<Flying&>(air_.top()));  // NOLINT: popped at once
    air_.pop();
    if (down_) {
      drop(counters_.dropped_down, top.packet);
      continue;
    }
    if (counters_.packets_out == 0) counters_.first_out_ns = now_ns;
    counters_.last_out_ns = now_ns;
    counters_.packets_out += 1;
    counters_.bytes_out += top.packet.size();
    counters_.transit.add(now_ns - top.arrived_ns);
    counters_.late.add(now_ns - top.due_ns);
    return Arrived{std::move(top.packet), top.due_ns};
  }
  return std::nullopt;
}

std::int64_t OneWay::due_ns() const {
  std::int64_t due_ns = kNever;
  if (!queue_.empty()) due_ns = queue_.front().leaves_ns;
  if (!air_.empty()) due_ns = std::min(due_ns, air_.top().due_ns);
  return due_ns;
}

}  // namespace sitecast::link
