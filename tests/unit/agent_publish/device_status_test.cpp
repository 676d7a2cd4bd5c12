// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/device_status.h"

#include <gtest/gtest.h>

#include "agent/publish/delivered_rate.h"
#include "proto/codec/control.h"
#include "tests/support/time_units.h"

namespace sitecast::agent {
namespace {

using test::kSecond;

TrackSummary track(std::string name, TrackHandle handle, std::uint64_t made,
                   std::uint64_t delivered, std::int64_t seconds) {
  TrackSummary summary;
  summary.name = std::move(name);
  summary.handle = handle;
  summary.figures.made = summary.figures.synced = made;
  summary.figures.delivered = delivered;
  summary.figures.made_bytes = made * 1000;
  summary.figures.duration_us = seconds * kSecond;
  return summary;
}

class DeviceStatusTest : public ::testing::Test {
 protected:
  DeviceStatusTest() {
    facts.online = true;
    facts.own = project;
    facts.cause = WaitCause::kNoLink;
    facts.since_us = 1'700'000'000 * kSecond;
  }
  CaptureSummary& add(CaptureState state, std::vector<TrackSummary> tracks) {
    CaptureSummary summary;
    summary.row.id = CaptureId::make();
    summary.row.project = project;
    summary.row.kind = "walkthrough";
    summary.state = state;
    summary.tracks = std::move(tracks);
    facts.captures.push_back(summary);
    return facts.captures.back();
  }
  v1::DeviceStatus status(ProjectId of) { return make_statuses(facts, lookup).at(of); }
  v1::DeviceStatus status() { return status(project); }

  ProjectId project = ProjectId::make();
  StatusFacts facts;
  std::map<TrackHandle, TrackDelivery> said;
  TrackLookup lookup = [this](TrackHandle handle) { return said[handle]; };
};

TEST_F(DeviceStatusTest, WhatTheHubHasInALowerQualityIsNotTheOnlyCopy) {
  add(CaptureState::kClosed, {track("video", 1, 100, 60, 100), track("audio", 2, 100, 90, 100),
                              track("master", 3, 100, 0, 100)});
  const v1::DeviceStatus told = status();
  EXPECT_EQ(told.waiting_ms(), 40'000U);
  EXPECT_EQ(told.waiting_bytes(), 150'000U);
  EXPECT_EQ(told.waiting_captures(), 1U);
  EXPECT_EQ(told.items(0).waiting_ms(), 40'000U);
  EXPECT_EQ(told.items(0).size_bytes(), 300'000U);
}

TEST_F(DeviceStatusTest, AMasterAloneIsTheOnlyCopy) {
  add(CaptureState::kClosed, {track("master", 1, 100, 25, 100)});
  EXPECT_EQ(status().waiting_ms(), 75'000U);
}

TEST_F(DeviceStatusTest, APhotoHasBytesAndNoTime) {
  add(CaptureState::kClosed, {track("image", 1, 10, 0, 0)});
  EXPECT_EQ(status().waiting_ms(), 0U);
  EXPECT_EQ(status().waiting_bytes(), 10'000U);
  EXPECT_EQ(status().waiting_captures(), 1U);
}

TEST_F(DeviceStatusTest, StateAndCauseAreThoseOfTheSlowestTrack) {
  add(CaptureState::kClosed, {track("video", 1, 10, 0, 1), track("audio", 2, 10, 0, 1)});
  said[1] = {true, 10, 0, 0, false, WaitCause::kNone, ""};
  said[2] = {true, 4, 6, 0, false, WaitCause::kSending, ""};
  EXPECT_EQ(status().items(0).state(), held::kSending);
  EXPECT_EQ(status().items(0).cause(), waiting::kAwaitingReceipt);
  said[2].cause = WaitCause::kHubAbsent;
  EXPECT_EQ(status().items(0).state(), held::kOnDevice);
  EXPECT_EQ(status().items(0).cause(), waiting::kHubAbsent);
  said[2].waiting = 0;
  said[2].at_hub = 10;
  EXPECT_EQ(status().items(0).state(), held::kAtHub);
  facts.captures[0].state = CaptureState::kRecording;
  EXPECT_EQ(status().items(0).state(), held::kRecording);
  EXPECT_EQ(status().live(0).tracks_size(), 2);
  facts.captures[0].state = CaptureState::kDelivered;
  EXPECT_EQ(status().items_size(), 0);
  EXPECT_EQ(status().waiting_captures(), 0U);
  EXPECT_EQ(status().waiting_cause(), "");
}

TEST_F(DeviceStatusTest, ARefusedEventKeepsItsCaptureHere) {
  CaptureSummary& capture = add(CaptureState::kClosed, {track("video", 1, 10, 10, 1)});
  capture.waiting_events = capture.refused_events = 1;
  capture.refused_event = "malformed";
  EXPECT_EQ(status().items(0).state(), held::kOnDevice);
  EXPECT_EQ(status().items(0).cause(), waiting::kRefused);
}

TEST_F(DeviceStatusTest, EachProjectHearsOfItsOwn) {
  const ProjectId other = ProjectId::make();
  add(CaptureState::kClosed, {track("video", 1, 10, 0, 10)});
  add(CaptureState::kClosed, {track("video", 2, 30, 0, 30)}).row.project = other;
  facts.waiting_events = 2;
  facts.captures[1].waiting_events = 1;
  EXPECT_EQ(status().waiting_ms(), 10'000U);
  EXPECT_EQ(status().waiting_events(), 1U);
  EXPECT_EQ(status(other).waiting_ms(), 30'000U);
  EXPECT_EQ(status(other).waiting_events(), 1U);
  facts.captures.pop_back();
  EXPECT_EQ(make_statuses(facts, lookup).count(other), 0U);
  facts.told.push_back(other);
  EXPECT_EQ(status(other).waiting_captures(), 0U) << "it is told that nothing is left";
}

TEST_F(DeviceStatusTest, TimeLeftIsOfAllThatWaitsAndUnknownWhenNothingMoves) {
  add(CaptureState::kClosed, {track("video", 1, 1000, 0, 10)});  // 1 MB
  EXPECT_EQ(status().remaining_ms(), 0U);
  facts.catching_up_kbps = 800;
  EXPECT_EQ(status().remaining_ms(), 10'000U);
  EXPECT_EQ(remaining_ms(0, 0), 0);
  EXPECT_EQ(remaining_ms(1000, 0), -1);
}

TEST_F(DeviceStatusTest, TheListIsBoundedAndHoldsWhatIsRecordedThenTheOldest) {
  for (TrackHandle i = 0; i < 100; ++i) add(CaptureState::kClosed, {track("image", i, 1, 0, 0)});
  const CaptureId recorded = add(CaptureState::kRecording, {track("video", 200, 1, 0, 1)}).row.id;
  const v1::DeviceStatus told = status();
  EXPECT_EQ(told.items_size(), 12);
  EXPECT_EQ(told.items(0).capture_id(), recorded.raw());
  EXPECT_EQ(told.items(1).capture_id(), facts.captures[0].row.id.raw());
  EXPECT_EQ(told.waiting_captures(), 101U);
}

TEST_F(DeviceStatusTest, EveryMessageIsOneThatReadersAccept) {
  CaptureSummary& capture = add(CaptureState::kRecording, {track("video", 1, 10, 0, 1)});
  capture.row.area = "1号厂房";
  facts.name = "小王的手机";
  facts.trouble = {"disk_full", "no space left"};
  for (int cause = 0; cause <= static_cast<int>(WaitCause::kSending); ++cause) {
    facts.cause = static_cast<WaitCause>(cause);
    said[1] = {true, 4, 6, 0, false, facts.cause, ""};
    const std::string bytes = status().SerializeAsString();
    const auto parsed = parse_status(as_bytes(bytes));
    EXPECT_TRUE(parsed.ok()) << parsed.error().message();
  }
}

TEST_F(DeviceStatusTest, FiguresAloneAreNotUrgent) {
  add(CaptureState::kClosed, {track("video", 1, 10, 0, 10)});
  const std::string before = urgent_part_of(status());
  facts.captures[0].tracks[0].figures.delivered = 5;
  facts.delivered_kbps = 100;
  EXPECT_EQ(urgent_part_of(status()), before);
  facts.trouble = {"disk_full", ""};
  EXPECT_NE(urgent_part_of(status()), before);
}

}  // namespace
}  // namespace sitecast::agent
