// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/live_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/time_units.h"
#include "tests/unit/gateway/fake_viewer.h"

namespace sitecast::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using test::kSecond;

class LiveHubTest : public testing::Test {
 protected:
  void part(std::uint64_t sequence, bool starts_group, std::string_view track = "video") {
    hub_.on_part(project_, device_, capture_, live_part(track, sequence, starts_group), now_us_);
  }
  std::shared_ptr<FakeViewer> watch(ProjectId project) {
    auto viewer = std::make_shared<FakeViewer>();
    hub_.watch_capture(project, capture_, false, viewer, now_us_);
    return viewer;
  }
  std::shared_ptr<FakeViewer> watch() { return watch(project_); }
  std::shared_ptr<FakeViewer> watch_project() {
    auto viewer = std::make_shared<FakeViewer>();
    hub_.watch_project(project_, viewer);
    return viewer;
  }
  void pass(std::int64_t seconds) {
    now_us_ += seconds * kSecond;
    hub_.tick(now_us_);
  }
  v1::CommittedEvent closed() {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind("capture.closed");
    event.set_capture_id(capture_.raw());
    event.mutable_capture_closed()->set_reason("stopped");
    v1::CommittedEvent committed;
    committed.set_event(event.SerializeAsString());
    committed.set_device_id(device_.raw());
    return committed;
  }
  std::string of_type(const std::string& type) {
    return R"({"type":")" + type + R"(","capture_id":")" + capture_.text() + "\"}";
  }

  LiveSnapshotHolder snapshot_;
  LiveHub hub_{snapshot_};
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  CaptureId capture_ = CaptureId::make();
  std::int64_t now_us_ = 1000 * kSecond;
};

TEST_F(LiveHubTest, OneDeviceCannotTakeTheOthersRoom) {
  const auto wild = DeviceId::make();
  for (std::size_t i = 0; i < LiveHub::kCaptures; ++i) {
    hub_.on_part(project_, wild, CaptureId::make(), live_part("video", 0, true), now_us_);
  }
  EXPECT_EQ(hub_.counters().live_captures, LiveHub::kCapturesPerDevice);
  EXPECT_EQ(hub_.counters().refused_parts, LiveHub::kCaptures - LiveHub::kCapturesPerDevice);
  const auto watched = watch();  // before the first part
  part(0, true);
  EXPECT_EQ(hub_.counters().live_captures, LiveHub::kCapturesPerDevice + 1);
  pass(LiveHub::kForgetUs / kSecond + 1);
  hub_.on_part(project_, wild, CaptureId::make(), live_part("video", 0, true), now_us_);
  EXPECT_EQ(hub_.counters().live_captures, 1U);
}

TEST_F(LiveHubTest, WhoComesAfterTheDeviceWentIsToldThatItIsOffline) {
  part(0, true);
  hub_.on_status(project_, device_, false, now_us_);
  pass(LiveHub::kOfflineUs / kSecond + 1);
  const auto late = watch();
  EXPECT_THAT(late->texts, testing::Contains(R"({"type":"ended","reason":"offline"})"));
}

TEST_F(LiveHubTest, ANewViewerStartsFromTheLastKeyFrameOfEachTrack) {
  for (std::uint64_t i = 0; i < 7; ++i) part(i, i % 5 == 0);
  part(0, true, "audio");
  const auto viewer = watch();
  EXPECT_THAT(viewer->sequences, ElementsAre(0, 5, 6));
  part(7, false);
  EXPECT_THAT(viewer->sequences, ElementsAre(0, 5, 6, 7));
}

TEST_F(LiveHubTest, WhoLeavesGetsNothingAnyMore) {
  const auto viewer = watch();
  viewer->leave();
  part(0, true);
  EXPECT_THAT(viewer->sequences, IsEmpty());
  EXPECT_EQ(hub_.counters().viewers, 0U);
}

TEST_F(LiveHubTest, ACaptureIdPublishedUnderAnotherProjectReachesNobodyHere) {
  const auto foreign = watch(ProjectId::make());
  part(0, true);
  EXPECT_THAT(foreign->sequences, IsEmpty());
  EXPECT_EQ(snapshot_.get()->project_of(capture_), project_);
}

TEST_F(LiveHubTest, LiveBeginsWithTheFirstPartAndEndsWithSilence) {
  const auto news = watch_project();
  part(0, true);
  EXPECT_TRUE(snapshot_.get()->is_live(project_, capture_));
  pass(4);
  EXPECT_FALSE(snapshot_.get()->is_live(project_, capture_));
  part(1, false);
  EXPECT_THAT(news->texts,
              ElementsAre(of_type("live_started"), of_type("live_ended"), of_type("live_started")));
}

TEST_F(LiveHubTest, ViewersAreToldTheEndOnceTheHubHasIt) {
  part(0, true);
  const auto viewer = watch();
  hub_.on_event(project_, closed());
  ASSERT_EQ(viewer->texts.size(), 2U);
  EXPECT_EQ(viewer->texts[1], R"({"type":"ended","reason":"closed"})");
  EXPECT_EQ(viewer->closed, CloseCode::kNormal);
  EXPECT_EQ(hub_.counters().cached_bytes, 0U);
  part(1, true);  // late
  EXPECT_FALSE(snapshot_.get()->is_live(project_, capture_));
}

TEST_F(LiveHubTest, OfflineIsToldAfterAGraceAndPartsGoOnAfterIt) {
  part(0, true);
  const auto viewer = watch();
  hub_.on_status(project_, device_, false, now_us_);
  pass(4);
  EXPECT_THAT(viewer->texts, IsEmpty());
  pass(2);
  EXPECT_THAT(viewer->texts, ElementsAre(R"({"type":"ended","reason":"offline"})"));
  EXPECT_EQ(viewer->closed, std::nullopt);
  part(1, true);
  EXPECT_THAT(viewer->sequences, ElementsAre(0, 1));
}

// The status is the one thing that the broker keeps of a device.
TEST_F(LiveHubTest, AStatusMakesNothingLive) {
  const auto news = watch_project();
  const auto viewer = watch();
  hub_.on_status(project_, device_, true, now_us_);
  pass(1);
  EXPECT_EQ(hub_.counters().live_captures, 0U);
  part(0, true);
  pass(LiveHub::kLiveUs / kSecond + 1);
  hub_.on_status(project_, device_, true, now_us_);
  pass(1);
  EXPECT_FALSE(snapshot_.get()->is_live(project_, capture_));
}

TEST_F(LiveHubTest, AnotherDevicesStatusEndsNothing) {
  part(0, true);
  const auto viewer = watch();
  hub_.on_status(project_, DeviceId::make(), false, now_us_);
  pass(10);
  EXPECT_THAT(viewer->texts, IsEmpty());
}

TEST_F(LiveHubTest, WhatIsCachedIsForgottenWithTheCapture) {
  part(0, true);
  EXPECT_GT(hub_.counters().cached_bytes, 0U);
  pass(200);
  EXPECT_EQ(hub_.counters().cached_bytes, 0U);
  EXPECT_EQ(hub_.counters().live_captures, 0U);
}

TEST_F(LiveHubTest, WhoWatchesTheProjectIsToldThatADeviceSaidSomething) {
  const auto news = watch_project();
  hub_.on_devices_changed(ProjectId::make());
  EXPECT_THAT(news->texts, IsEmpty());
  hub_.on_devices_changed(project_);
  EXPECT_THAT(news->texts, ElementsAre(R"({"type":"devices_changed"})"));
}

TEST_F(LiveHubTest, AfterAGapViewersOfProjectsAreToldToReadAgain) {
  const auto news = watch_project();
  hub_.on_gap();
  EXPECT_THAT(news->texts, ElementsAre(R"({"type":"resync"})"));
}

}  // namespace
}  // namespace sitecast::gateway
