// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/drain.h"

#include <algorithm>

namespace sitecast::link {
Drain Drain::constant(std::uint64_t bits_per_s) {
  Drain drain;
  drain.limited_ = true;
  drain.bits_per_s_ = bits_per_s;
  return drain;
}

Drain Drain::replay(std::shared_ptr<const Trace> trace, std::int64_t origin_ns) {
  Drain drain;
  drain.limited_ = true;
  drain.trace_ = std::move(trace);
  drain.origin_ns_ = origin_ns;
  return drain;
}

std::int64_t Drain::leaves_at(std::int64_t begin_ns, std::size_t bytes) {
  if (!limited_) return begin_ns;
  if (trace_ == nullptr) {
    if (bits_per_s_ == 0) return kNever;
    return begin_ns + static_cast<std::int64_t>(static_cast<double>(bytes) * 8 *
                                                static_cast<double>(kSecondNs) /
                                                static_cast<double>(bits_per_s_));
  }
  seek(begin_ns);
  while (bytes > kOpportunityBytes - used_) {
    bytes -= kOpportunityBytes - used_;
    used_ = 0;
    next_ += 1;
    if (next_ == trace_->at_ms.size()) {
      next_ = 0;
      round_ += 1;
    }
  }
  used_ += bytes;
  return std::max(begin_ns, opportunity_ns());
}

std::int64_t Drain::opportunity_ns() const {
  return origin_ns_ + (round_ * trace_->length_ms() + trace_->at_ms[next_]) * kMsNs;
}

// To the first opportunity that is not before begin_ns.
void Drain::seek(std::int64_t begin_ns) {
  if (opportunity_ns() >= begin_ns) return;
  used_ = 0;
  const std::int64_t since_ns = begin_ns - origin_ns_;
  const std::int64_t since_ms = (since_ns + kMsNs - 1) / kMsNs;
  round_ = std::max(round_, since_ms / trace_->length_ms());
  const std::int64_t in_round_ms = since_ms - round_ * trace_->length_ms();
  const auto& at_ms = trace_->at_ms;
  next_ = static_cast<std::size_t>(std::lower_bound(at_ms.begin(), at_ms.end(), in_round_ms) -
                                   at_ms.begin());
}

}  // namespace sitecast::link
