// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/publish/backoff.h"
#include "agent/publish/delivery_policy.h"
#include "agent/publish/fill_window.h"
#include "agent/publish/interval_set.h"
#include "proto/codec/control.h"

namespace sitecast::agent {
namespace {

TEST(PolicyTest, OnlyReasonCodeZeroIsAcceptance) {
  EXPECT_TRUE(verdict_of_puback(0).accepted);
  for (int code = 1; code < 256; ++code) {
    EXPECT_FALSE(verdict_of_puback(static_cast<std::uint8_t>(code)).accepted) << code;
  }
  EXPECT_EQ(verdict_of_puback(0x10).cause, WaitCause::kHubAbsent);
  EXPECT_EQ(verdict_of_puback(0x87).cause, WaitCause::kNotAdmitted);
  EXPECT_FALSE(verdict_of_puback(0x95).again);
}

TEST(PolicyTest, WhatCanNeverBeAcceptedIsNotSentAgain) {
  EXPECT_FALSE(verdict_of_refusal(v1::MALFORMED).again);
  EXPECT_FALSE(verdict_of_refusal(v1::CONFLICT).again);
  for (const auto cause : {v1::HUB_FULL, v1::HUB_IO_ERROR, v1::OVERLOADED}) {
    EXPECT_TRUE(verdict_of_refusal(cause).again);
    EXPECT_TRUE(verdict_of_refusal(cause).everything);
  }
  EXPECT_TRUE(verdict_of_refusal(v1::NOT_ALLOWED).again);
  EXPECT_TRUE(verdict_of_refusal(static_cast<v1::RefusalCause>(99)).again);
}

TEST(PolicyTest, EveryRefusalToConnectIsASentence) {
  for (int code = 0x80; code < 256; ++code) {
    const std::string sentence = sentence_of_connack(static_cast<std::uint8_t>(code));
    EXPECT_EQ(sentence.rfind("the broker ", 0), 0U) << sentence;
  }
  EXPECT_NE(sentence_of_connack(0x87).find("password_file"), std::string::npos);
}

TEST(PolicyTest, EveryCauseButNoneIsAWordOfTheWire) {
  EXPECT_EQ(name_of(WaitCause::kNone), "");
  for (int cause = 1; cause <= static_cast<int>(WaitCause::kSending); ++cause) {
    const std::string_view name = name_of(static_cast<WaitCause>(cause));
    EXPECT_EQ(std::count(waiting::kAll.begin(), waiting::kAll.end(), name), 1) << cause << name;
  }
}

TEST(IntervalSetTest, RangesMerge) {
  IntervalSet set;
  set.add(10, 20);
  set.add(30, 40);
  EXPECT_EQ(set.next_outside(5), 5U);
  EXPECT_EQ(set.next_outside(10), 20U);
  EXPECT_TRUE(set.contains(19));
  EXPECT_FALSE(set.contains(20));
  set.add(20, 30);
  EXPECT_EQ(set.next_outside(10), 40U);
  set.add(0, 100);
  EXPECT_EQ(set.next_outside(0), 100U);
  EXPECT_EQ(set.count_below(50), 50U);
  EXPECT_EQ(set.count_below(500), 100U);
  set.add(5, 5);
  EXPECT_EQ(set.count_below(500), 100U);
}

// A part of 10 kB that took so long; something waits for room all the time.
void come_back(FillWindow& window, std::int64_t& now_us, std::int64_t round_trip_us, bool polite) {
  window.held_up(now_us);
  now_us += round_trip_us;
  window.came_back({10'000, now_us - round_trip_us, now_us, 0, 0, polite});
}

TEST(FillWindowTest, GrowsOnAFreeLinkAndShrinksWhenItQueues) {
  FillWindow window(8 << 20);
  std::int64_t now = 1'000'000;
  std::uint64_t passed = 0;
  const auto round = [&](std::int64_t round_trip_us, bool polite) {
    window.held_up(now);
    now += round_trip_us;
    passed += window.bytes();
    window.came_back({1'000, now - round_trip_us, now, passed, 0, polite});
  };
  const std::uint64_t start = window.bytes();
  for (int i = 0; i < 8; ++i) round(20'000, true);
  const std::uint64_t grown = window.bytes();
  EXPECT_GE(grown, start * 64);
  for (int i = 0; i < 6; ++i) round(400'000, true);
  EXPECT_LT(window.bytes(), grown / 4);
  // With nothing live the link may fill.
  const std::uint64_t small = window.bytes();
  for (int i = 0; i < 4; ++i) round(200'000, false);
  EXPECT_GT(window.bytes(), small);
}

TEST(FillWindowTest, DoesNotGrowWhileNothingWaitsForRoom) {
  FillWindow window(8 << 20);
  const std::uint64_t start = window.bytes();
  for (std::int64_t now = 1'000'000; now < 3'000'000; now += 20'000) {
    window.came_back({1'000, now - 20'000, now, 0, 0, true});
  }
  EXPECT_EQ(window.bytes(), start);
}

TEST(FillWindowTest, StaysWithinItsLimit) {
  FillWindow window(100'000);
  std::int64_t now = 1'000'000;
  for (int i = 0; i < 100; ++i) come_back(window, now, 1'000, true);
  EXPECT_EQ(window.bytes(), 100'000U);
}

TEST(FillWindowTest, AfterAWhileWithoutNeedItBeginsAnew) {
  FillWindow window(8 << 20);
  std::int64_t now = 1'000'000;
  const std::uint64_t start = window.bytes();
  for (int i = 0; i < 8; ++i) come_back(window, now, 20'000, true);
  EXPECT_GT(window.bytes(), start);
  window.held_up(now += 2'500'000);
  EXPECT_EQ(window.bytes(), start);
}

TEST(BackoffTest, DoublesWithJitterAndStaysShortWhenPressed) {
  Backoff backoff(1);
  std::int64_t first = backoff.next_us(false);
  EXPECT_LE(first, 500'000);
  EXPECT_GE(first, 250'000);
  for (int i = 0; i < 20; ++i) {
    const std::int64_t next = backoff.next_us(false);
    EXPECT_LE(next, 30'000'000);
    first = next;
  }
  EXPECT_GE(first, 15'000'000);
  EXPECT_LE(backoff.next_us(true), 2'000'000);
  backoff.reset();
  EXPECT_LE(backoff.next_us(false), 500'000);
}

}  // namespace
}  // namespace sitecast::agent
