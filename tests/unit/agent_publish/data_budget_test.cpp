// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/data_budget.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <vector>

#include "agent/publish/metered.h"
#include "tests/support/temp_dir.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kMb = 1'000'000;
constexpr std::uint64_t kStep = 1 << 20;
constexpr std::int64_t kHourUs = 3'600'000'000;

class DataBudgetTest : public ::testing::Test {
 protected:
  DataBudgetTest() {
    ::setenv("TZ", "Asia/Shanghai", 1);
    ::tzset();
  }
  std::unique_ptr<DataBudget> open(std::uint64_t limit_bytes = 10 * kMb) {
    return std::make_unique<DataBudget>(file, limit_bytes, clock, Log("test"));
  }
  // As after kill -9: the object is never destroyed.
  static void lose(std::unique_ptr<DataBudget> budget) { lost.push_back(budget.release()); }

  // Reachable to the end, also after statics are destroyed, so that no leak is seen.
  static inline std::vector<DataBudget*>& lost = *new std::vector<DataBudget*>();
  TempDir folder;
  std::filesystem::path file = folder.path() / "data_used";
  FakeClock clock;
};

TEST_F(DataBudgetTest, WhatWasUsedIsTakenFromWhatIsLeft) {
  const auto budget = open();
  EXPECT_EQ(budget->left_bytes(), 10 * kMb);
  budget->add(4 * kMb);
  EXPECT_EQ(budget->used_bytes(), 4 * kMb);
  EXPECT_EQ(budget->left_bytes(), 6 * kMb);
  budget->add(7 * kMb);
  EXPECT_EQ(budget->left_bytes(), 0U);
  EXPECT_EQ(budget->used_bytes(), 11 * kMb);
}

TEST_F(DataBudgetTest, ARestartRemembersExactly) {
  open()->add(4 * kMb);
  EXPECT_EQ(open()->used_bytes(), 4 * kMb);
}

TEST_F(DataBudgetTest, AKillForgetsNothingAndCostsAtMostAStep) {
  auto budget = open();
  for (int i = 0; i < 4000; ++i) budget->add(1000);
  lose(std::move(budget));
  const std::uint64_t used = open()->used_bytes();
  EXPECT_GE(used, 4 * kMb);
  EXPECT_LE(used, 4 * kMb + kStep);
}

TEST_F(DataBudgetTest, ADayEndsAtLocalMidnight) {
  // 1,700,000,000 s is 06:13 on 15 November in Shanghai.
  auto budget = open();
  budget->add(4 * kMb);
  clock.advance_us(17 * kHourUs);  // 23:13
  EXPECT_EQ(budget->used_bytes(), 4 * kMb);
  clock.advance_us(kHourUs);  // 00:13
  EXPECT_EQ(budget->used_bytes(), 0U);
  budget->add(kMb);
  budget.reset();
  EXPECT_EQ(open()->used_bytes(), kMb);
}

TEST_F(DataBudgetTest, WhatWasUsedYesterdayDoesNotCountAfterARestart) {
  open()->add(4 * kMb);
  clock.advance_us(24 * kHourUs);
  EXPECT_EQ(open()->left_bytes(), 10 * kMb);
}

TEST_F(DataBudgetTest, ADamagedFileCountsAsNothingAndIsReplaced) {
  for (const char* text : {"", "2023-11-15", "2023-11-15 ", "2023-11-15 12x", "yesterday"}) {
    std::ofstream(file) << text;
    EXPECT_EQ(open()->used_bytes(), 0U) << text;
  }
  open()->add(kMb);
  EXPECT_EQ(open()->used_bytes(), kMb);
}

TEST_F(DataBudgetTest, CountingGoesOnWhereNothingCanBeWritten) {
  file = folder.path() / "no such folder" / "data_used";
  const auto budget = open();
  budget->add(4 * kMb);
  EXPECT_EQ(budget->left_bytes(), 6 * kMb);
}

TEST(MeteredTest, AModemIsKnownByItsNameOrByTheKernel) {
  const TempDir classes;
  const auto describe = [&](const char* name, const char* text) {
    std::filesystem::create_directories(classes.path() / name);
    std::ofstream(classes.path() / name / "uevent") << text;
  };
  describe("wlan0", "DEVTYPE=wlan\nINTERFACE=wlan0\nIFINDEX=3\n");
  describe("usb0", "DEVTYPE=wwan\nINTERFACE=usb0\nIFINDEX=4\n");
  describe("eth0", "INTERFACE=eth0\nIFINDEX=2\n");
  for (const char* name : {"wwan0", "rmnet_data0", "ccmni1", "ppp0", "usb0"}) {
    EXPECT_TRUE(is_mobile_interface(name, classes.path())) << name;
  }
  for (const char* name : {"wlan0", "eth0", "lo", "gone0", "", "../usb0"}) {
    EXPECT_FALSE(is_mobile_interface(name, classes.path())) << name;
  }
}

}  // namespace
}  // namespace sitecast::agent
