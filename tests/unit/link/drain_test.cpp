// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/drain.h"

#include <gtest/gtest.h>

namespace sitecast::link {
namespace {

Drain replay(const std::string& text, std::int64_t origin_ns = 0) {
  auto trace = parse_trace(text);
  EXPECT_TRUE(trace.ok());
  return Drain::replay(std::make_shared<const Trace>(std::move(*trace)), origin_ns);
}

TEST(DrainTest, AConstantRateTakesEachBitItsTime) {
  Drain drain = Drain::constant(12'000);  // 1,500 bytes a second
  EXPECT_EQ(drain.leaves_at(0, 1500), kSecondNs);
  EXPECT_EQ(drain.leaves_at(kSecondNs, 150), kSecondNs + kSecondNs / 10);
  EXPECT_EQ(drain.leaves_at(5 * kSecondNs, 1500), 6 * kSecondNs);
}

TEST(DrainTest, AnUnlimitedLinkTakesNoTimeAndAStandingOneNeverEnds) {
  EXPECT_EQ(Drain::unlimited().leaves_at(7, 1'000'000), 7);
  EXPECT_EQ(Drain::constant(0).leaves_at(7, 1), kNever);
}

TEST(DrainTest, ATraceLetsAPacketLeaveAtItsNextOpportunity) {
  Drain drain = replay("5\n10\n20\n", kSecondNs);
  EXPECT_EQ(drain.leaves_at(kSecondNs, 1500), kSecondNs + 5 * kMsNs);
  EXPECT_EQ(drain.leaves_at(kSecondNs + 6 * kMsNs, 1500), kSecondNs + 10 * kMsNs);
}

TEST(DrainTest, AnOpportunityWithNothingToSendIsLost) {
  Drain drain = replay("5\n10\n20\n");
  EXPECT_EQ(drain.leaves_at(11 * kMsNs, 1500), 20 * kMsNs);
}

TEST(DrainTest, SmallPacketsShareAnOpportunityAndALargeOneTakesSeveral) {
  Drain drain = replay("5\n10\n20\n30\n");
  EXPECT_EQ(drain.leaves_at(0, 40), 5 * kMsNs);
  EXPECT_EQ(drain.leaves_at(5 * kMsNs, 1460), 5 * kMsNs);
  EXPECT_EQ(drain.leaves_at(5 * kMsNs, 1), 10 * kMsNs);
  EXPECT_EQ(drain.leaves_at(10 * kMsNs, 1500), 20 * kMsNs);  // one byte of it at 20
  EXPECT_EQ(drain.leaves_at(20 * kMsNs, 3000), 35 * kMsNs);
}

TEST(DrainTest, ATraceBeginsAnewAfterItsEnd) {
  Drain drain = replay("5\n10\n");
  EXPECT_EQ(drain.leaves_at(11 * kMsNs, 1500), 15 * kMsNs);
  EXPECT_EQ(drain.leaves_at(996 * kMsNs, 1500), 1000 * kMsNs);
  EXPECT_EQ(drain.leaves_at(1000 * kMsNs, 1500), 1005 * kMsNs);
}

TEST(DrainTest, AMillisecondThatStandsTwiceCarriesTwoPackets) {
  Drain drain = replay("5\n5\n10\n");
  EXPECT_EQ(drain.leaves_at(0, 1500), 5 * kMsNs);
  EXPECT_EQ(drain.leaves_at(5 * kMsNs, 1500), 5 * kMsNs);
  EXPECT_EQ(drain.leaves_at(5 * kMsNs, 1500), 10 * kMsNs);
}

TEST(DrainTest, OverManyRoundsATraceCarriesWhatItsLinesSay) {
  Drain drain = replay("0\n3\n3\n8\n20\n");  // 5 packets in 20 ms
  std::int64_t at_ns = 0;
  for (int i = 0; i < 5000; ++i) at_ns = drain.leaves_at(at_ns, 1500);
  EXPECT_EQ(at_ns, 1000 * 20 * kMsNs);
}

TEST(TraceTest, WhatIsNoTraceIsRefusedWithItsLine) {
  EXPECT_EQ(parse_trace("1\nx\n").error().message(),
            "line 2 of the trace is no ascending number of milliseconds");
  EXPECT_FALSE(parse_trace("5\n4\n").ok());
  EXPECT_FALSE(parse_trace("-1\n").ok());
  EXPECT_FALSE(parse_trace("").ok());
  EXPECT_FALSE(parse_trace("0\n0\n").ok());
  EXPECT_EQ(parse_trace("0\r\n7\r\n")->length_ms(), 7);
}

}  // namespace
}  // namespace sitecast::link
