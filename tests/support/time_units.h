// SPDX-License-Identifier: Apache-2.0
// Microseconds, the unit of the product's clocks, in words that a test can be read by.
#pragma once

#include <cstdint>

namespace sitecast::test {

inline constexpr std::int64_t kMs = 1'000;
inline constexpr std::int64_t kSecond = 1'000 * kMs;

}  // namespace sitecast::test
