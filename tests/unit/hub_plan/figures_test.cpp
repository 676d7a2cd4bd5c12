// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_figures.h"

#include <gtest/gtest.h>

namespace sitecast::hub {
namespace {

ScheduledItem work(int start, int finish) { return {start, finish, std::nullopt, false, false}; }

TEST(PlanFiguresTest, APlanWithoutDatesHasNoFigures) {
  const std::vector<ScheduledItem> items{{}, {5, std::nullopt, {}, false, false}};
  const PlanFigures figures = plan_figures(items, {}, 10);
  EXPECT_FALSE(figures.first_day);
  EXPECT_FALSE(figures.forecast_day);
  EXPECT_TRUE(figures.planned_curve.empty());
  EXPECT_FALSE(figures.items[1].counted);
}

TEST(PlanFiguresTest, OnTheMorningOfItsFirstDayWorkIsNotLate) {
  const std::vector<ScheduledItem> items{work(10, 19)};
  EXPECT_EQ(plan_figures(items, {}, 5).items[0].variance_days, 0);
  EXPECT_EQ(plan_figures(items, {}, 10).items[0].variance_days, 0);
  EXPECT_EQ(plan_figures(items, {}, 11).items[0].variance_days, 1);
  EXPECT_EQ(plan_figures(items, {{0, 14, 50}}, 15).items[0].variance_days, 0);
  EXPECT_EQ(plan_figures(items, {{0, 9, 50}}, 10).items[0].variance_days, -5);
}

TEST(PlanFiguresTest, FinishedIsSinceWhenItWasSeenFinishedForGood) {
  const std::vector<ScheduledItem> items{work(10, 19)};
  const auto figures =
      plan_figures(items, {{0, 18, 100}, {0, 19, 90}, {0, 22, 100}, {0, 25, 100}}, 30);
  EXPECT_EQ(figures.items[0].actual_start, 18);
  EXPECT_EQ(figures.items[0].actual_finish, 22);
  EXPECT_EQ(figures.items[0].variance_days, 3);
  EXPECT_EQ(figures.basis, ForecastBasis::kFinished);
  EXPECT_EQ(figures.forecast_day, 22);
  EXPECT_EQ(figures.variance_days, 3);
}

TEST(PlanFiguresTest, HalfTheSpeedTakesTwiceTheTime) {
  const std::vector<ScheduledItem> items{work(100, 199)};
  const auto figures = plan_figures(items, {{0, 149, 25}}, 150);
  EXPECT_EQ(figures.basis, ForecastBasis::kEarnedSchedule);
  EXPECT_DOUBLE_EQ(figures.planned, 50);
  EXPECT_EQ(figures.variance_days, 25);
  EXPECT_EQ(figures.forecast_day, 299);
}

TEST(PlanFiguresTest, NothingIsForecastBeforeAnythingWasSeen) {
  const std::vector<ScheduledItem> items{work(10, 19)};
  EXPECT_EQ(plan_figures(items, {}, 10).basis, ForecastBasis::kNotBegun);
  const auto figures = plan_figures(items, {}, 15);
  EXPECT_EQ(figures.basis, ForecastBasis::kNothingSeen);
  EXPECT_EQ(figures.variance_days, 5);
  EXPECT_FALSE(figures.forecast_day);
}

TEST(PlanFiguresTest, TheSheetWeighsOnlyWhereItWeighsAll) {
  std::vector<ScheduledItem> items{work(0, 9), work(0, 9)};
  items[0].weight = 3;
  EXPECT_DOUBLE_EQ(plan_figures(items, {{0, 5, 100}}, 5).actual, 50);
  items[1].weight = 1;
  const auto figures = plan_figures(items, {{0, 5, 100}}, 5);
  EXPECT_TRUE(figures.weighted_by_sheet);
  EXPECT_DOUBLE_EQ(figures.actual, 75);
}

TEST(PlanFiguresTest, SummariesAndMilestonesDoNotCountTwice) {
  std::vector<ScheduledItem> items{work(0, 9), work(0, 9), work(9, 9)};
  items[0].summary = true;
  items[2].milestone = true;
  const auto figures = plan_figures(items, {{0, 5, 100}, {1, 5, 50}}, 5);
  EXPECT_DOUBLE_EQ(figures.actual, 50);
  EXPECT_FALSE(figures.items[0].counted);
  EXPECT_EQ(figures.items[2].variance_days, 0);
}

TEST(PlanFiguresTest, WhatIsSeenLaterThanAskedDoesNotCount) {
  const std::vector<ScheduledItem> items{work(0, 9)};
  const auto figures = plan_figures(items, {{0, 8, 80}, {0, 3, 30}}, 5);
  EXPECT_DOUBLE_EQ(figures.actual, 30);
  ASSERT_EQ(figures.actual_curve.size(), 6U);
  EXPECT_DOUBLE_EQ(figures.actual_curve[2], 0);
  EXPECT_DOUBLE_EQ(figures.actual_curve[5], 30);
}

}  // namespace
}  // namespace sitecast::hub
