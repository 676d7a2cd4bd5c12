// SPDX-License-Identifier: Apache-2.0
#include "agent/rfc3339.h"

#include <gtest/gtest.h>

namespace sitecast::agent {
namespace {

TEST(Rfc3339Test, MomentsAreRead) {
  EXPECT_EQ(parse_rfc3339_us("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339_us("2026-04-13T14:05:00+08:00"), 1'776'060'300'000'000);
  EXPECT_EQ(parse_rfc3339_us("2026-04-13t06:05:00.25z"), 1'776'060'300'250'000);
  EXPECT_EQ(parse_rfc3339_us("2024-02-29T23:59:59-00:30"), 1'709'252'999'000'000);
}

TEST(Rfc3339Test, OtherTextIsRefused) {
  for (const char* text :
       {"", "2026-04-13", "2026-04-13T14:05:00", "2026-04-13 14:05:00Z", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-04-13T24:00:00Z", "2026-04-13T14:05:00+8:00",
        "2026-04-13T14:05:00Zx", "-026-04-13T14:05:00Z", "2026-04-13T14:05:00+25:00"}) {
    EXPECT_EQ(parse_rfc3339_us(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sitecast::agent
