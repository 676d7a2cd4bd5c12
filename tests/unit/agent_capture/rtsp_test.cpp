// SPDX-License-Identifier: Apache-2.0
// A network camera over RTSP, real on loopback: recorded with sound, and honest when it goes away.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "proto/codec/box_reader.h"
#include "tests/unit/agent_capture/media_check.h"
#include "tests/unit/agent_capture/rtsp_server.h"

namespace sitecast::test {
namespace {

constexpr const char* kCamera =
    "( videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=25/1 ! "
    "x264enc tune=zerolatency key-int-max=25 ! rtph264pay name=pay0 pt=96 "
    "audiotestsrc is-live=true wave=ticks ! audioconvert ! alawenc ! rtppcmapay name=pay1 pt=8 )";

agent::RecordOptions rtsp_options(const RtspServer& camera) {
  agent::RecordOptions options;
  options.source = camera.url();
  return options;
}

TEST(RtspTest, PictureAndSoundOfANetworkCameraAreRecorded) {
  const RtspServer camera(kCamera);
  agent::RecordOptions options = rtsp_options(camera);
  options.duration_us = 3'000'000;
  const Recorded recorded = record(options);
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.capture.close_reason, "stopped");
  EXPECT_EQ(recorded.capture.opened.source(), "rtsp");
  expect_sound_structure(recorded.capture, recorded.end);
  EXPECT_GE(recorded.end.video_frames + recorded.end.video_frames_dropped, 60U);
  EXPECT_GE(recorded.end.audio_frames, 120U);
  const auto init = read_init(recorded.capture.tracks.at("video").front().part.init_segment);
  EXPECT_EQ(init->width_px, 640U);
}

TEST(RtspTest, ACameraThatGoesAwayEndsTheCaptureHonestly) {
  RtspServer camera(kCamera);
  MemoryStore store;
  auto recording = agent::Recording::start(rtsp_options(camera), store, {});
  ASSERT_TRUE(recording.ok()) << recording.error().message();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while ((*recording)->media_time_us() < 1'000'000 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  camera.die();
  const agent::RecordingEnd end = (*recording)->wait();
  EXPECT_GE(end.video_frames, 10U) << "what was captured is kept";
  EXPECT_FALSE(end.status.ok());
  EXPECT_EQ(store.capture().close_reason, "error");
  EXPECT_NE(store.capture().close_detail.find("the network camera"), std::string::npos)
      << store.capture().close_detail;
}

}  // namespace
}  // namespace sitecast::test
