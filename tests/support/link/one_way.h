// SPDX-License-Identifier: Apache-2.0
// One direction of the link:
//
//   take ─▶ queue (drop-tail) ─▶ drain ─▶ chance ─▶ air (delay, held back) ─▶ pop
//
// A lost packet has used the link, as on the air. While down, whatever arrives at either end of the
// direction is dropped. Pure: times are handed in, nanoseconds, never going back. Thread-safety:
// one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>

#include "tests/support/link/drain.h"
#include "tests/support/link/fate.h"
#include "tests/support/link/packet.h"
#include "tests/support/link/quantiles.h"

namespace sitecast::link {

struct OneWayCounters {
  std::uint64_t packets_in = 0, bytes_in = 0;
  std::uint64_t packets_out = 0, bytes_out = 0;
  std::uint64_t dropped_queue = 0, dropped_loss = 0, dropped_down = 0;
  std::uint64_t dropped_bytes = 0;  // for whatever reason
  std::uint64_t duplicated = 0, held_back = 0;
  std::int64_t first_out_ns = 0, last_out_ns = 0;
  Quantiles queued;   // from arrival to having left the queue
  Quantiles transit;  // from arrival to the other end
  Quantiles late;     // behind the moment at which it should have arrived there
};

struct Arrived {
  Packet packet;
  std::int64_t due_ns = 0;
};

class OneWay {
 public:
  explicit OneWay(std::uint64_t seed) : dice_(seed) {}

  // Before a setting changes: what has left the queue by now has met the old one.
  void settle(std::int64_t now_ns);
  // Holds also for what waits in the queue.
  void set_drain(Drain drain, std::int64_t now_ns);
  void set_down(bool down) { down_ = down; }
  void set_delay(std::int64_t delay_ns) { delay_ns_ = delay_ns; }
  void set_queue_bytes(std::uint64_t bytes) {
    queue_bytes_limit_ = bytes;
    queue_ns_limit_ = kNever;
  }
  // A packet that would wait longer than this is dropped; besides, the limit in bytes stays.
  void set_queue_time(std::int64_t limit_ns) { queue_ns_limit_ = limit_ns; }
  Chances& chances() { return chances_; }

  void take(Packet packet, std::int64_t now_ns);
  // What has come to the other end by now, oldest first; one per call.
  std::optional<Arrived> pop(std::int64_t now_ns);
  [[nodiscard]] std::int64_t due_ns() const;  // of the next change

  [[nodiscard]] const OneWayCounters& counters() const { return counters_; }
  void clear_counters() { counters_ = {}; }
  [[nodiscard]] std::uint64_t queue_bytes() const { return queue_bytes_; }

  static constexpr std::uint64_t kQueueBytes = 1 << 20;  // unless said otherwise

 private:
  struct Waiting {
    Packet packet;
    std::int64_t arrived_ns = 0;
    std::int64_t leaves_ns = 0;
  };
  struct Flying {
    std::int64_t due_ns = 0;
    std::uint64_t order = 0;
    std::int64_t arrived_ns = 0;
    Packet packet;
    bool operator<(const Flying& other) const {  // the soonest is on top
      return due_ns != other.due_ns ? due_ns > other.due_ns : order > other.order;
    }
  };
  void drop(std::uint64_t& counter, const Packet& packet);
  void fly(Packet packet, std::int64_t arrived_ns, std::int64_t leaves_ns, std::int64_t held_ns);

  Drain drain_ = Drain::unlimited();
  Dice dice_;
  Chances chances_;
  bool down_ = false;
  std::int64_t delay_ns_ = 0;
  std::uint64_t queue_bytes_limit_ = kQueueBytes;
  std::int64_t queue_ns_limit_ = kNever;

  std::deque<Waiting> queue_;
  std::uint64_t queue_bytes_ = 0;
  std::int64_t last_leaves_ns_ = 0;
  std::priority_queue<Flying> air_;
  std::int64_t last_due_ns_ = 0;  // of those that were not held back: they keep their order
  std::uint64_t order_ = 0;
  OneWayCounters counters_;
};

}  // namespace sitecast::link
