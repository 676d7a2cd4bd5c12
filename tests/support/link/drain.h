// SPDX-License-Identifier: Apache-2.0
// How fast a link takes what waits before it: not limited, a constant rate, a recorded trace, or
// not at all. Pure: times are handed in, nanoseconds. Thread-safety: one owner.
#pragma once

#include <cstdint>
#include <memory>

#include "tests/support/link/packet.h"
#include "tests/support/link/trace.h"

namespace sitecast::link {

inline constexpr std::int64_t kNever = INT64_MAX;

class Drain {
 public:
  static Drain unlimited() { return {}; }
  static Drain constant(std::uint64_t bits_per_s);  // 0: nothing leaves, everything waits
  // The trace's time 0 is `origin_ns`.
  static Drain replay(std::shared_ptr<const Trace> trace, std::int64_t origin_ns);

  // When the last of `bytes` has left, the first of which may leave from `begin_ns` on. Calls are
  // in order: begin_ns is not before the answer to the call before. A trace's opportunity that
  // passes with nothing to send is lost; what is left of one serves the next packet in the queue.
  std::int64_t leaves_at(std::int64_t begin_ns, std::size_t bytes);

 private:
  std::int64_t opportunity_ns() const;
  void seek(std::int64_t begin_ns);

  bool limited_ = false;
  std::uint64_t bits_per_s_ = 0;
  std::shared_ptr<const Trace> trace_;
  std::int64_t origin_ns_ = 0;
  std::int64_t round_ = 0;  // of the trace
  std::size_t next_ = 0;    // opportunity in it
  std::size_t used_ = 0;    // bytes of that opportunity
};

}  // namespace sitecast::link
