// SPDX-License-Identifier: Apache-2.0
// Recordings from live sources: how they begin, what they hold, and every way they end.
#include "agent/capture/recording.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "agent/capture/picture_header.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/limits.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

using agent::RecordOptions;

constexpr const char* kSmallLive =
    "gst:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1";

RecordOptions live(const std::string& source) {
  RecordOptions options;
  options.source = source;
  options.project = ProjectId::make();
  options.area = "hall 1";
  return options;
}

// Waits for a condition with a deadline.
bool eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

TEST(RecordingTest, TheTestSourceGivesPictureAndSoundUntilTheLengthIsReached) {
  RecordOptions options = live("test:");
  options.duration_us = 5'000'000;
  options.note = "begin";
  const Recorded recorded = record(options);
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  const StoredCapture& capture = recorded.capture;
  EXPECT_EQ(capture.close_reason, "stopped");
  EXPECT_EQ(capture.project, options.project);
  EXPECT_EQ(capture.area, "hall 1");
  EXPECT_EQ(capture.opened.source(), "test");
  EXPECT_EQ(capture.opened.capture_kind(), "walkthrough");
  EXPECT_EQ(capture.events.at(0).note().text(), "begin");
  expect_sound_structure(capture, recorded.end);
  EXPECT_EQ(capture.tracks.size(), 2U);
  EXPECT_GE(recorded.end.audio_frames, 240U);
  EXPECT_GE(recorded.end.video_frames + recorded.end.video_frames_dropped, 140U);
  EXPECT_LE(recorded.end.media_time_us, 5'200'000);
}

TEST(RecordingTest, StopKeepsWhatWasCaptured) {
  MemoryStore store;
  auto recording = agent::Recording::start(live(kSmallLive), store, {});
  ASSERT_TRUE(recording.ok()) << recording.error().message();
  ASSERT_TRUE(eventually([&] { return (*recording)->media_time_us() > 300'000; }));
  (*recording)->stop();
  (*recording)->stop();
  const agent::RecordingEnd end = (*recording)->wait();
  EXPECT_TRUE(end.status.ok());
  EXPECT_EQ(end.reason, "stopped");
  EXPECT_GE(end.video_frames, 9U);
  expect_sound_structure(store.capture(), end);
}

TEST(RecordingTest, DestroyingItStopsIt) {
  MemoryStore store;
  auto recording = agent::Recording::start(live(kSmallLive), store, {});
  ASSERT_TRUE(recording.ok()) << recording.error().message();
  recording->reset();
  EXPECT_EQ(store.capture().close_reason, "stopped");
}

TEST(RecordingTest, AnEventCarriesTheMomentAtWhichItIsStated) {
  MemoryStore store;
  auto recording = agent::Recording::start(live(kSmallLive), store, {});
  ASSERT_TRUE(recording.ok());
  ASSERT_TRUE(eventually([&] { return (*recording)->media_time_us() > 100'000; }));
  v1::Event event;
  event.set_kind("note");
  event.mutable_note()->set_text("crane");
  ASSERT_TRUE((*recording)->state_now(event).ok());
  const StoredCapture capture = store.capture();
  ASSERT_EQ(capture.events.size(), 1U);
  EXPECT_TRUE(capture.events[0].has_media_time());
  EXPECT_GT(capture.events[0].media_time_us(), 100'000);
}

TEST(RecordingTest, ASourceThatEndsIsSaidToHaveEnded) {
  const Recorded recorded = record(
      live("gst:videotestsrc is-live=true num-buffers=20 ! video/x-raw,width=320,height=240"));
  EXPECT_TRUE(recorded.status.ok());
  EXPECT_EQ(recorded.capture.close_reason, "source_ended");
}

TEST(RecordingTest, ASourceThatFailsIsClosedAsErrorWithItsReason) {
  const Recorded recorded =
      record(live("gst:videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! identity "
                  "error-after=25"));
  ASSERT_FALSE(recorded.status.ok());
  EXPECT_EQ(recorded.capture.close_reason, "error");
  EXPECT_NE(recorded.capture.close_detail.find("the source"), std::string::npos)
      << recorded.capture.close_detail;
  EXPECT_GE(recorded.end.video_frames, 10U) << "what was captured before is kept";
}

TEST(RecordingTest, AFullStoreEndsTheRecordingVisibly) {
  MemoryStore store;
  store.refuse_after(20);
  auto recording = agent::Recording::start(live(kSmallLive), store, {});
  ASSERT_TRUE(recording.ok());
  const agent::RecordingEnd end = (*recording)->wait();
  ASSERT_FALSE(end.status.ok());
  EXPECT_EQ(end.status.error().kind(), ErrorKind::kResourceExhausted);
  EXPECT_EQ(end.reason, "disk_full");
  EXPECT_EQ(store.capture().close_reason, "disk_full");
  EXPECT_EQ(end.video_frames, 20U);
}

TEST(RecordingTest, ASourceThatFallsSilentIsGivenUp) {
  int ends[2] = {};
  ASSERT_EQ(pipe(ends), 0);
  const Bytes picture(320 * 240 * 3 / 2, 90);
  std::thread writer([&] {
    for (int i = 0; i < 10; ++i) {
      std::size_t at = 0;
      while (at < picture.size()) {
        const auto count = write(ends[1], picture.data() + at, picture.size() - at);
        if (count <= 0) return;
        at += static_cast<std::size_t>(count);
      }
    }
  });
  const Recorded recorded = record(live(
      fmt::format("gst:fdsrc fd={} blocksize={} ! rawvideoparse width=320 height=240 format=i420 "
                  "framerate=30/1",
                  ends[0], picture.size())));
  writer.join();
  close(ends[0]);
  close(ends[1]);
  ASSERT_FALSE(recorded.status.ok());
  EXPECT_EQ(recorded.status.error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(recorded.capture.close_reason, "error");
  EXPECT_NE(recorded.capture.close_detail.find("no picture"), std::string::npos);
  EXPECT_GE(recorded.end.video_frames, 9U);
}

TEST(RecordingTest, WhatCannotBeOpenedLeavesNoCaptureBehind) {
  for (const char* source :
       {"file:no-such-file.mp4", "v4l2:/dev/no-such-camera", "gst:no-such-element",
        "gst:audiotestsrc", "rtsp://127.0.0.1:21100/nothing", "file:/", "nonsense"}) {
    const Recorded recorded = record(live(source));
    EXPECT_FALSE(recorded.status.ok()) << source;
    EXPECT_EQ(recorded.capture_count, 0U) << source;
  }
}

TEST(RecordingTest, ANoteThatTheHubWouldRefuseLeavesNoCaptureBehind) {
  RecordOptions options = live(kSmallLive);
  options.duration_us = 200'000;
  options.note = std::string(limits::kTextBytes + 1, 'x');
  const Recorded recorded = record(options);
  ASSERT_FALSE(recorded.status.ok());
  EXPECT_EQ(recorded.status.error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(recorded.capture_count, 0U);
  options.note.pop_back();
  EXPECT_TRUE(record(options).status.ok());
}

TEST(RecordingTest, AnEncoderThatIsNotThereIsSaidBeforeAnythingIsRecorded) {
  RecordOptions options = live(kSmallLive);
  options.encode.encoder = "h266";
  const Recorded recorded = record(options);
  EXPECT_EQ(recorded.status.error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(recorded.capture_count, 0U);
}

TEST(RecordingTest, ASourceThatChangesItsSizeGoesOnWithANewInitSegment) {
  const Recorded recorded = record(
      live("gst:videotestsrc num-buffers=20 ! video/x-raw,width=320,height=240,framerate=30/1 ! c. "
           "videotestsrc num-buffers=20 ! video/x-raw,width=640,height=360,framerate=30/1 ! c. "
           "concat name=c"));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.end.video_frames, 40U);
  expect_sound_structure(recorded.capture, recorded.end);
  const auto& parts = recorded.capture.tracks.at("video");
  EXPECT_EQ(read_init(parts[0].part.init_segment)->width_px, 320U);
  EXPECT_EQ(read_init(parts[20].part.init_segment)->width_px, 640U);
}

TEST(RecordingTest, SoundOfASecondFragmentIsRecorded) {
  RecordOptions options = live(kSmallLive);
  options.audio = "gst:audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=1";
  options.duration_us = 1'000'000;
  const Recorded recorded = record(options);
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_GE(recorded.end.audio_frames, 40U);
  const auto& first = recorded.capture.tracks.at("audio").front().part;
  EXPECT_EQ(read_init(first.init_segment)->channel_count, 1U);
}

TEST(RecordingTest, AFileMayHaveSoundFromLifeAndBothEndTogether) {
  const auto path = test_data("kings-cross-phone/pixel-motion-photo-2-hevc-tracks.mp4");
  SITECAST_NEED_DATA(path);
  RecordOptions options = file_options(path, true);
  options.audio = "gst:audiotestsrc is-live=true";
  const Recorded recorded = record(options);
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.capture.close_reason, "source_ended");
  expect_sound_structure(recorded.capture, recorded.end);
  EXPECT_EQ(recorded.end.video_frames + recorded.end.video_frames_dropped, 57U);
  EXPECT_GE(recorded.end.audio_frames, 95U);
  options.paced = false;
  EXPECT_FALSE(record(options).status.ok());
}

TEST(RecordingTest, SoundCanBeLeftOut) {
  RecordOptions options = live("test:");
  options.audio = "none";
  options.duration_us = 300'000;
  const Recorded recorded = record(options);
  ASSERT_TRUE(recorded.status.ok());
  EXPECT_EQ(recorded.capture.opened.tracks_size(), 1);
}

TEST(RecordingTest, APhotoHasTheSourcesFullSizeWhileTheFilmIsSmaller) {
  MemoryStore store;
  auto recording = agent::Recording::start(
      live("gst:videotestsrc is-live=true ! video/x-raw,width=1920,height=1080,framerate=15/1"),
      store, {});
  ASSERT_TRUE(recording.ok());
  // At once: waits for the first picture.
  const auto photo = (*recording)->take_photo("look");
  ASSERT_TRUE(photo.ok()) << photo.error().message();
  EXPECT_TRUE(eventually([&] { return store.capture().tracks.count("video") == 1; }));
  EXPECT_EQ(read_init(store.capture().tracks.at("video").front().part.init_segment)->width_px,
            1280U);
  const StoredCapture stored = store.capture(1);
  EXPECT_EQ(stored.id, *photo);
  EXPECT_EQ(stored.opened.capture_kind(), "photo");
  EXPECT_EQ(stored.opened.photo().width(), 1920U);
  EXPECT_EQ(stored.close_reason, "stopped");
  EXPECT_EQ(stored.area, "hall 1");
  const auto header = agent::read_jpeg_header(stored.track_file("image"));
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->width_px, 1920U);
  EXPECT_EQ(header->height_px, 1080U);
}

TEST(RecordingTest, APhotoWithoutAnyPictureIsAClearError) {
  RecordOptions options =
      file_options(test_data("broken-media/androidx-media/sample_audio_only.mp4"));
  SITECAST_NEED_DATA(test_data("broken-media/androidx-media/sample_audio_only.mp4"));
  MemoryStore store;
  auto recording = agent::Recording::start(options, store, {});
  ASSERT_TRUE(recording.ok()) << recording.error().message();
  EXPECT_EQ((*recording)->take_photo("").error().kind(), ErrorKind::kFailedPrecondition);
}

TEST(RecordingTest, ABlackPictureIsReportedAndStatedOnTheCapture) {
  MemoryStore store;
  std::atomic<int> told{0};
  agent::RecordCallbacks callbacks;
  callbacks.quality = [&](const v1::QualityWarning& warning, std::int64_t) {
    EXPECT_EQ(warning.warning(), "lens_covered");
    ++told;
  };
  auto recording = agent::Recording::start(
      live("gst:videotestsrc is-live=true pattern=black ! video/x-raw,width=320,height=240"), store,
      callbacks);
  ASSERT_TRUE(recording.ok());
  EXPECT_TRUE(eventually([&] { return told == 1; }));
  const StoredCapture capture = store.capture();
  ASSERT_EQ(capture.events.size(), 1U);
  EXPECT_EQ(capture.events[0].kind(), "quality");
  EXPECT_TRUE(capture.events[0].quality().active());
}

TEST(RecordingTest, TheEndIsToldOnceAfterTheCaptureIsClosed) {
  MemoryStore store;
  std::atomic<int> told{0};
  agent::RecordCallbacks callbacks;
  callbacks.ended = [&](const agent::RecordingEnd& end) {
    EXPECT_EQ(end.reason, "source_ended");
    EXPECT_EQ(store.capture().close_reason, "source_ended");
    ++told;
  };
  auto recording =
      agent::Recording::start(live("gst:videotestsrc num-buffers=5"), store, callbacks);
  ASSERT_TRUE(recording.ok());
  (*recording)->wait();
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace sitecast::test
