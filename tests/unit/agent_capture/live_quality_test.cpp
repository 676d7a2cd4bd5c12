// SPDX-License-Identifier: Apache-2.0
// The live rendition follows what it is told, from one picture to the next; the master beside it
// does not change, and neither loses its place in time.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "agent/capture/recording.h"
#include "proto/codec/box_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

using agent::LiveQuality;
using agent::RecordOptions;

constexpr const char* kLive =
    "gst:videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1";
constexpr LiveQuality kSmall{100, 320, 180, 10, 0, 24};
constexpr LiveQuality kStills{40, 320, 180, 0, 500, 24};
constexpr LiveQuality kVoice{0, 0, 0, 0, 0, 24};
constexpr LiveQuality kFull{2'500, 1'280, 720, 30, 0, 48};

class LiveQualityTest : public testing::Test {
 protected:
  void start() {
    RecordOptions options;
    options.source = kLive;
    options.audio = "gst:audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1";
    options.project = ProjectId::make();
    options.encode.master = "on";
    auto started = agent::Recording::start(options, store_, {});
    ASSERT_TRUE(started.ok()) << started.error().message();
    recording_ = std::move(*started);
  }
  void stop() {
    recording_->stop();
    const agent::RecordingEnd end = recording_->wait();
    ASSERT_TRUE(end.status.ok()) << end.status.error().message();
  }
  // Waits until `count` more parts of the track are there.
  void wait_for_more(const std::string& track, std::size_t count) {
    const std::size_t wanted = parts_of(track).size() + count;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (parts_of(track).size() < wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "no parts of " << track;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  std::vector<StoredPart> parts_of(const std::string& track) const {
    const StoredCapture capture = store_.capture();
    const auto found = capture.tracks.find(track);
    return found == capture.tracks.end() ? std::vector<StoredPart>() : found->second;
  }
  static std::uint32_t width_of(const StoredPart& part) {
    return read_init(part.part.init_segment)->width_px;
  }

  MemoryStore store_;
  std::unique_ptr<agent::Recording> recording_;
};

TEST_F(LiveQualityTest, ANewSizeBeginsWithAKeyFrameAndTheMasterKeepsItsOwn) {
  ASSERT_NO_FATAL_FAILURE(start());
  EXPECT_EQ(recording_->tracks(), (std::vector<std::string>{"video", "master", "audio"}));
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 15));
  const std::size_t before = parts_of("video").size();
  recording_->set_live_quality(kSmall);
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 12));
  recording_->set_live_quality(kFull);
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 12));
  ASSERT_NO_FATAL_FAILURE(stop());

  std::vector<std::uint32_t> widths;
  std::uint64_t next = 0;
  const auto video = parts_of("video");
  for (const StoredPart& part : video) {
    EXPECT_GE(part.part.media_time, next) << "times go back";
    next = part.part.media_time + 1;
    if (part.part.init_segment.empty()) continue;
    EXPECT_TRUE(part.part.key_frame);
    if (widths.empty() || widths.back() != width_of(part)) widths.push_back(width_of(part));
  }
  EXPECT_EQ(widths, (std::vector<std::uint32_t>{640, 320, 640}));
  EXPECT_GE(before, 15U);
  std::size_t frames = 0;
  for (const StoredPart& part : parts_of("master")) {
    frames += read_chunk(part.part.media)->samples.size();
    if (!part.part.init_segment.empty()) {
      EXPECT_EQ(width_of(part), 640U);
    }
  }
  // The master has every picture of the whole time; live was slower in between.
  EXPECT_GT(frames, video.size());
}

TEST_F(LiveQualityTest, StillsAreKeyFramesFarApart) {
  ASSERT_NO_FATAL_FAILURE(start());
  recording_->set_live_quality(kStills);
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 5));
  ASSERT_NO_FATAL_FAILURE(stop());
  const auto video = parts_of("video");
  std::size_t stills = 0;
  for (std::size_t i = 1; i < video.size(); ++i) {
    if (width_of(video[i - 1]) != 320 || video[i].part.init_segment.empty()) continue;
    ++stills;
    const std::uint64_t apart = video[i].part.media_time - video[i - 1].part.media_time;
    EXPECT_GE(apart, 90'000U * 4 / 10);  // 500 ms, less than a picture's jitter
    EXPECT_LE(apart, 90'000U * 7 / 10);
  }
  EXPECT_GE(stills, 3U);
}

TEST_F(LiveQualityTest, VoiceAloneHasNoPicturesWhileTheMasterGoesOn) {
  ASSERT_NO_FATAL_FAILURE(start());
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 5));
  recording_->set_live_quality(kVoice);
  ASSERT_NO_FATAL_FAILURE(wait_for_more("master", 5));
  const std::size_t video = parts_of("video").size();
  ASSERT_NO_FATAL_FAILURE(wait_for_more("master", 20));
  EXPECT_EQ(parts_of("video").size(), video);
  // Fewer and longer parts of sound, of fewer bytes a second.
  ASSERT_NO_FATAL_FAILURE(wait_for_more("audio", 8));
  recording_->set_live_quality(kFull);
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 5));
  ASSERT_NO_FATAL_FAILURE(stop());
  EXPECT_TRUE(parts_of("video")[video].part.key_frame);
  EXPECT_FALSE(parts_of("video")[video].part.init_segment.empty());
  std::uint32_t longest = 0;
  std::uint64_t next = 0;
  for (const StoredPart& part : parts_of("audio")) {
    if (next != 0) {
      EXPECT_EQ(part.part.media_time, next) << "a hole in the sound";
    }
    next = part.part.media_time + part.part.duration;
    longest = std::max(longest, part.part.duration);
  }
  EXPECT_EQ(longest, 5'760U);  // 120 ms
}

TEST_F(LiveQualityTest, BothRenditionsDecodeWithoutAWord) {
  ASSERT_NO_FATAL_FAILURE(start());
  for (const LiveQuality& quality : {kSmall, kStills, kVoice, kFull}) {
    ASSERT_NO_FATAL_FAILURE(wait_for_more("master", 8));
    recording_->set_live_quality(quality);
  }
  ASSERT_NO_FATAL_FAILURE(wait_for_more("video", 8));
  ASSERT_NO_FATAL_FAILURE(stop());
  const TempDir dir;
  for (const char* track : {"master", "audio"}) {
    EXPECT_EQ(decode_messages(write_track(store_.capture(), track, dir.path())), "") << track;
  }
}

}  // namespace
}  // namespace sitecast::test
