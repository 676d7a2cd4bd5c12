// SPDX-License-Identifier: Apache-2.0
// Counts of what goes through the server, read by the metrics. Thread-safe: atomics; written on the
// io thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace sitecast::gateway {

struct Traffic {
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_refused{0};  // over a cap
  std::atomic<std::uint64_t> requests_ok{0};          // answered below 400
  std::atomic<std::uint64_t> requests_refused{0};     // 4xx
  std::atomic<std::uint64_t> requests_failed{0};      // 5xx
  std::atomic<std::uint64_t> requests_malformed{0};   // not HTTP, or over a limit
  std::atomic<std::uint64_t> deadlines_missed{0};
  std::atomic<std::uint64_t> body_bytes_sent{0};
  std::atomic<std::uint64_t> cold_reads{0};  // pieces of files that were not in the page cache
  std::atomic<std::uint64_t> websockets_opened{0};
  std::atomic<std::int64_t> websockets_open{0};
  std::atomic<std::uint64_t> live_messages_sent{0};
  std::atomic<std::uint64_t> live_bytes_sent{0};
  std::atomic<std::uint64_t> live_parts_left_out{0};  // slow viewers
};

}  // namespace sitecast::gateway
