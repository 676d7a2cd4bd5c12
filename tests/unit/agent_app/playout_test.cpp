// SPDX-License-Identifier: Apache-2.0
#include "agent/talk/playout.h"

#include <gtest/gtest.h>

namespace sitecast::agent {
namespace {

constexpr std::int64_t kHoldUs = 60'000;
constexpr std::int64_t kStep = Playout::kPacketUs;

TEST(PlayoutTest, UnevenPacketsArePlayedEvenly) {
  Playout playout(kHoldUs);
  const std::int64_t begun = 1'000'000;
  const auto first = playout.place(0, begun);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->begins);
  EXPECT_EQ(first->play_at_us, begun + kHoldUs);
  const std::int64_t came[] = {begun + 55'000, begun + 56'000, begun + 61'000, begun + 80'000};
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto slot = playout.place(i, came[i - 1]);
    ASSERT_TRUE(slot);
    EXPECT_FALSE(slot->begins);
    EXPECT_EQ(slot->play_at_us, begun + kHoldUs + static_cast<std::int64_t>(i) * kStep);
  }
}

TEST(PlayoutTest, WhatIsMissingKeepsItsPlaceAndWhatIsOldIsLeftOut) {
  Playout playout(kHoldUs);
  playout.place(0, 0);
  const auto slot = playout.place(3, 60'000);
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->missing, 2U);
  EXPECT_EQ(slot->play_at_us, kHoldUs + 3 * kStep);
  EXPECT_FALSE(playout.place(2, 61'000));
  EXPECT_FALSE(playout.place(3, 61'000));
}

TEST(PlayoutTest, WhatComesTooLateMovesTheRestAndTheNextTurnBeginsAnew) {
  Playout playout(kHoldUs);
  playout.place(0, 0);
  const auto late = playout.place(1, 500'000);
  ASSERT_TRUE(late);
  EXPECT_GE(late->play_at_us, 500'000);
  EXPECT_EQ(playout.place(2, 501'000)->play_at_us, late->play_at_us + kStep);
  playout.end_turn();
  const auto next = playout.place(0, 900'000);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->begins);
  EXPECT_EQ(next->play_at_us, 900'000 + kHoldUs);
}

}  // namespace
}  // namespace sitecast::agent
