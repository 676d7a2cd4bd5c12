// SPDX-License-Identifier: Apache-2.0
// The capacity of a real link over time, in mahimahi's format: one line is the millisecond at which
// one packet of 1,500 bytes may leave; the same millisecond may stand several times. The trace
// starts anew after its last line. Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/base/result.h"

namespace sitecast::link {

inline constexpr std::uint32_t kOpportunityBytes = 1500;

struct Trace {
  std::vector<std::int64_t> at_ms;  // ascending
  [[nodiscard]] std::int64_t length_ms() const { return at_ms.back(); }
};

// kInvalidArgument names the line that is no ascending number, or says that there is nothing in it.
Result<Trace> parse_trace(std::string_view text);

}  // namespace sitecast::link
