// SPDX-License-Identifier: Apache-2.0
// Files of the system's zoneinfo. Whatever is accepted gives an offset of no more than 26 hours for
// any second, and days that never go backwards by more than one.
#include <cstdlib>
#include <limits>

#include "proto/base/time_zone.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const auto zone = TimeZone::parse(input);
  if (!zone.ok()) return;
  constexpr std::int64_t kDayUs = 86'400'000'000;
  for (const std::int64_t second :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
        std::int64_t{1'700'000'000}, std::numeric_limits<std::int64_t>::max()}) {
    FUZZ_REQUIRE(std::abs(zone->offset_s(second)) <= 26 * 3600);
  }
  for (const std::int64_t us : {std::int64_t{-62'000'000'000'000'000}, std::int64_t{0},
                                std::int64_t{1'700'000'000'000'000}}) {
    FUZZ_REQUIRE(zone->day_of(us + 3 * kDayUs) >= zone->day_of(us));
  }
}

}  // namespace sitecast
