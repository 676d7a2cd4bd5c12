// SPDX-License-Identifier: Apache-2.0
// What may be handed to Paho, against a socket as the kernel describes it.
#include "agent/publish/hand_over.h"

#include <gtest/gtest.h>

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kRoomy = 400'000;

TEST(HandOverTest, AnEmptySocketTakesAPartOfAnySize) {
  HandOver hand_over;
  EXPECT_TRUE(hand_over.takes({0, 0, 0, 100'000}, 500'000));
}

TEST(HandOverTest, NothingGoesWhileMoreThanTheLimitIsNotSent) {
  HandOver hand_over;
  hand_over.limit(10'000);
  EXPECT_TRUE(hand_over.takes({50'000, 9'999, 60'000, kRoomy}, 1'000));
  EXPECT_FALSE(hand_over.takes({50'000, 10'000, 60'000, kRoomy}, 1'000));
  hand_over.limit(100'000);
  EXPECT_TRUE(hand_over.takes({50'000, 10'000, 60'000, kRoomy}, 1'000));
}

// Paho's own thread writes it, some time later.
TEST(HandOverTest, WhatPahoHasNotWrittenYetCounts) {
  HandOver hand_over;
  ASSERT_TRUE(hand_over.takes({1'000, 0, 0, kRoomy}, 20'000));
  hand_over.handed(20'000);
  EXPECT_FALSE(hand_over.takes({1'000, 0, 0, kRoomy}, 1'000));
  // Written, with what TLS adds, and sent.
  EXPECT_TRUE(hand_over.takes({21'100, 0, 22'000, kRoomy}, 1'000));
}

// Else what TLS added to thousands of parts would hide that one of ours waits.
TEST(HandOverTest, WhatTlsAddsIsForgottenWhenAllIsWritten) {
  HandOver hand_over;
  std::uint64_t written = 0;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(hand_over.takes({written, 0, 0, kRoomy}, 4'000));
    hand_over.handed(4'000);
    written += 4'100;
  }
  ASSERT_TRUE(hand_over.takes({written, 0, 0, kRoomy}, 30'000));
  hand_over.handed(30'000);
  EXPECT_FALSE(hand_over.takes({written, 0, 0, kRoomy}, 1'000));
}

TEST(HandOverTest, NothingGoesThatTheBufferWouldNotTakeWhole) {
  HandOver hand_over;
  EXPECT_FALSE(hand_over.takes({90'000, 0, 90'000, 150'000}, 64'000));
  EXPECT_TRUE(hand_over.takes({90'000, 0, 60'000, 150'000}, 64'000));
}

TEST(HandOverTest, AnotherConnectionKnowsNothingOfTheOneBefore) {
  HandOver hand_over;
  ASSERT_TRUE(hand_over.takes({1'000'000, 0, 0, kRoomy}, 20'000));
  hand_over.handed(20'000);
  hand_over.restart();
  EXPECT_TRUE(hand_over.takes({300, 0, 0, kRoomy}, 20'000));
}

}  // namespace
}  // namespace sitecast::agent
