// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/drain.h"

#include <gtest/gtest.h>

namespace sitecast::link {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

Drain replay(const std::string& text, std::int64_t origin_ns = 0) {
  auto trace = parse_trace(text);
  EXPECT_TRUE(trace.ok());
  return Drain::replay(std::make_shared<const Trace>(std::move(*trace)), origin_ns);
}

TEST(DrainTest, AConstantRateTakesEachBitItsTime) {
  Drain drain = Drain::constant(12'000);  // 1,500 bytes a second
  EXPECT_EQ(drain.leaves_at(0, 1500), kSecond);
  EXPECT_EQ(drain.leaves_at(kSecond, 150), kSecond + kSecond / 10);
  EXPECT_EQ(drain.leaves_at(5 * kSecond, 1500), 6 * kSecond);
}

TEST(DrainTest, AnUnlimitedLinkTakesNoTimeAndAStandingOneNeverEnds) {
  EXPECT_EQ(Drain::unlimited().leaves_at(7, 1'000'000), 7);
  EXPECT_EQ(Drain::constant(0).leaves_at(7, 1), kNever);
}

TEST(DrainTest, ATraceLetsAPacketLeaveAtItsNextOpportunity) {
  Drain drain = replay("5\n10\n20\n", kSecond);
  EXPECT_EQ(drain.leaves_at(kSecond, 1500), kSecond + 5 * kMs);
  EXPECT_EQ(drain.leaves_at(kSecond + 6 * kMs, 1500), kSecond + 10 * kMs);
}

TEST(DrainTest, AnOpportunityWithNothingToSendIsLost) {
  Drain drain = replay("5\n10\n20\n");
  EXPECT_EQ(drain.leaves_at(11 * kMs, 1500), 20 * kMs);
}

TEST(DrainTest, SmallPacketsShareAnOpportunityAndALargeOneTakesSeveral) {
  Drain drain = replay("5\n10\n20\n30\n");
  EXPECT_EQ(drain.leaves_at(0, 40), 5 * kMs);
  EXPECT_EQ(drain.leaves_at(5 * kMs, 1460), 5 * kMs);
  EXPECT_EQ(drain.leaves_at(5 * kMs, 1), 10 * kMs);
  EXPECT_EQ(drain.leaves_at(10 * kMs, 1500), 20 * kMs);  // one byte of it at 20
  EXPECT_EQ(drain.leaves_at(20 * kMs, 3000), 35 * kMs);
}

TEST(DrainTest, ATraceBeginsAnewAfterItsEnd) {
  Drain drain = replay("5\n10\n");
  EXPECT_EQ(drain.leaves_at(11 * kMs, 1500), 15 * kMs);
  EXPECT_EQ(drain.leaves_at(996 * kMs, 1500), 1000 * kMs);
  EXPECT_EQ(drain.leaves_at(1000 * kMs, 1500), 1005 * kMs);
}

TEST(DrainTest, AMillisecondThatStandsTwiceCarriesTwoPackets) {
  Drain drain = replay("5\n5\n10\n");
  EXPECT_EQ(drain.leaves_at(0, 1500), 5 * kMs);
  EXPECT_EQ(drain.leaves_at(5 * kMs, 1500), 5 * kMs);
  EXPECT_EQ(drain.leaves_at(5 * kMs, 1500), 10 * kMs);
}

TEST(DrainTest, OverManyRoundsATraceCarriesWhatItsLinesSay) {
  Drain drain = replay("0\n3\n3\n8\n20\n");  // 5 packets in 20 ms
  std::int64_t at_ns = 0;
  for (int i = 0; i < 5000; ++i) at_ns = drain.leaves_at(at_ns, 1500);
  EXPECT_EQ(at_ns, 1000 * 20 * kMs);
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
