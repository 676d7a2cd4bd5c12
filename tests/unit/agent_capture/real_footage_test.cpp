// SPDX-License-Identifier: Apache-2.0
// Real clips of phones and action cameras: every picture and all the sound arrive, where the source
// has them, and ffmpeg decodes the result without a word.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"
#include "tests/unit/agent_capture/sound_match.h"

namespace sitecast::test {
namespace {

struct Clip {
  const char* file;
  std::uint32_t width_px;  // encoded, upright
  std::uint32_t height_px;
  std::size_t pictures;  // expected of those that the source has
  bool sound;
};

std::string clip_name(const ::testing::TestParamInfo<Clip>& info) {
  std::string name = std::filesystem::path(info.param.file).stem().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

class RealFootageTest : public ::testing::TestWithParam<Clip> {
 protected:
  TempDir folder_;
};

// Our times are the source's: each encoded picture is at a time where the source has one.
void expect_source_times(const StoredCapture& capture, const std::vector<double>& source) {
  std::size_t next = 0;
  for (const StoredPart& stored : capture.tracks.at("video")) {
    const double time_s = double(stored.part.media_time) / kVideoTimescale;
    while (next < source.size() && source[next] < time_s - 0.0015) ++next;
    ASSERT_LT(next, source.size()) << "at " << time_s;
    ASSERT_NEAR(source[next], time_s, 0.0015);
    ++next;
  }
}

// Pictures a second that the H.264 stream itself states (E.2.1: two ticks a picture).
double stated_rate(const std::filesystem::path& video) {
  std::string messages;
  output_of(
      "ffmpeg -nostdin -i " + quoted(video) + " -c copy -frames:v 1 -bsf:v trace_headers -f null -",
      &messages);
  const auto value_of = [&](const std::string& name) {
    const auto at = messages.find("= ", messages.find(name));
    return at == std::string::npos ? 0.0 : std::atof(messages.c_str() + at + 2);
  };
  const double ticks = value_of("num_units_in_tick");
  return ticks > 0 ? value_of("time_scale") / ticks / 2 : 0;
}

// A reader that lays the pictures on the stated grid must not see two of them at one time.
void expect_stated_rate_is_fast_enough(const std::filesystem::path& video) {
  const auto times = picture_times(video);
  double shortest_s = 1;
  for (std::size_t i = 1; i < times.size(); ++i) {
    shortest_s = std::min(shortest_s, times[i] - times[i - 1]);
  }
  EXPECT_GE(stated_rate(video) * 1.01, 1 / shortest_s);
}

// Mean distance (0 to 255) of the first pictures as they look, colours included, 16 by 16 points.
double look_distance(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto first_picture = [](const std::filesystem::path& path) {
    return output_of("ffmpeg -nostdin -v error -i " + quoted(path) +
                     " -map 0:v:0 -frames:v 1 -vf scale=16:16:flags=area,format=rgb24 "
                     "-f rawvideo -");
  };
  const std::string left = first_picture(a);
  const std::string right = first_picture(b);
  EXPECT_EQ(left.size(), 16U * 16 * 3);
  if (left.size() != right.size()) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    sum += std::abs(int(static_cast<unsigned char>(left[i])) -
                    int(static_cast<unsigned char>(right[i])));
  }
  return sum / double(left.size());
}

TEST_P(RealFootageTest, ArrivesWholeAndInSync) {
  const Clip& clip = GetParam();
  const auto path = test_data(clip.file);
  SITECAST_NEED_DATA(path);
  const Recorded recorded = record(file_options(path));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.capture.close_reason, "source_ended");
  EXPECT_EQ(recorded.end.video_frames_dropped, 0U);
  expect_sound_structure(recorded.capture, recorded.end);

  const auto video = write_track(recorded.capture, "video", folder_.path());
  EXPECT_EQ(decode_messages(video), "");
  EXPECT_EQ(recorded.end.video_frames, clip.pictures);
  EXPECT_EQ(picture_times(video).size(), clip.pictures) << "ffmpeg sees as many as were encoded";
  const auto init = read_init(recorded.capture.tracks.at("video").front().part.init_segment);
  ASSERT_TRUE(init.ok());
  EXPECT_EQ(init->width_px, clip.width_px);
  EXPECT_EQ(init->height_px, clip.height_px);
  expect_source_times(recorded.capture, picture_times(path));
  expect_stated_rate_is_fast_enough(video);
  EXPECT_LT(look_distance(path, video), 3.0);

  ASSERT_EQ(recorded.capture.tracks.count("audio"), clip.sound ? 1U : 0U);
  if (!clip.sound) return;
  const auto audio = write_track(recorded.capture, "audio", folder_.path());
  EXPECT_EQ(decode_messages(audio), "");
  const auto original = sound_of(path, kMatchRateHz);
  const auto copy = sound_of(audio, kMatchRateHz);
  const double length_s = double(original.size()) / kMatchRateHz;
  EXPECT_NEAR(double(copy.size()) / kMatchRateHz, length_s, 0.05);
  int compared = 0;
  for (const double share : {0.1, 0.3, 0.5, 0.7, 0.9}) {
    const auto shift = shift_ms(original, copy, share * length_s);
    if (!shift) continue;
    ++compared;
    EXPECT_LE(std::fabs(*shift), 40.0) << "at " << share * length_s << " s";
    RecordProperty("shift_ms_at_" + std::to_string(int(share * 100)), std::to_string(*shift));
  }
  EXPECT_GE(compared, 1) << "no place was loud enough to compare";
}

INSTANTIATE_TEST_SUITE_P(
    Clips, RealFootageTest,
    ::testing::Values(
        Clip{"walkthrough-gopro/max-heromode.mp4", 848, 480, 315, true},
        Clip{"kings-cross-phone/sample_with_increasing_timestamps_360p.mp4", 640, 360, 512, true},
        // 60 fps, thinned to 30
        Clip{"kings-cross-phone/sample_with_increasing_timestamps_320w_240h.mp4", 320, 240, 466,
             true},
        // HEVC, two video tracks, turned; the last picture has no duration and lies at the very end
        Clip{"kings-cross-phone/pixel-motion-photo-2-hevc-tracks.mp4", 720, 960, 57, false},
        // variable frame rate, 1080p
        Clip{"phone-video/VID_20191220_170832.mp4", 1280, 720, 41, true},
        Clip{"phone-video/trim_optimization_failure.mp4", 518, 488, 167, true}),
    clip_name);

TEST(RealFootageLoopTest, ALoopIsContinuousAndStaysInSync) {
  const auto path = test_data("walkthrough-gopro/max-heromode.mp4");
  SITECAST_NEED_DATA(path);
  agent::RecordOptions options = file_options(path);
  options.loop = true;
  options.duration_us = 120'000'000;
  const Recorded recorded = record(std::move(options));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.capture.close_reason, "stopped");
  expect_sound_structure(recorded.capture, recorded.end);
  const auto& pictures = recorded.capture.tracks.at("video");
  for (std::size_t i = 1; i < pictures.size(); ++i) {
    const double step_s =
        double(pictures[i].part.media_time - pictures[i - 1].part.media_time) / kVideoTimescale;
    ASSERT_GT(step_s, 0.025) << i;
    ASSERT_LT(step_s, 0.045) << i;  // the joint too: sound is 7 ms longer than the pictures
  }
  const auto& sounds = recorded.capture.tracks.at("audio");
  for (std::size_t i = 1; i < sounds.size(); ++i) {
    ASSERT_EQ(sounds[i].part.media_time,
              sounds[i - 1].part.media_time + sounds[i - 1].part.duration)
        << i;
  }
  // Each pass begins where the longest track of the one before ended.
  const TempDir folder;
  const auto original = sound_of(path, kMatchRateHz);
  const auto copy = sound_of(write_track(recorded.capture, "audio", folder.path()), kMatchRateHz);
  const double pass_s = 10.517333;
  for (const int pass : {0, 5, 10}) {
    const auto start = static_cast<std::ptrdiff_t>(pass * pass_s * kMatchRateHz);
    const std::vector<float> one(copy.begin() + start, copy.begin() + start + 10 * kMatchRateHz);
    const auto shift = shift_ms(original, one, 5);
    ASSERT_TRUE(shift.has_value());
    EXPECT_LE(std::fabs(*shift), 5.0) << "pass " << pass;
  }
}

TEST(RealFootagePacedTest, PlaysAtTheSpeedOfLife) {
  const auto path = test_data("kings-cross-phone/pixel-motion-photo-2-hevc-tracks.mp4");
  SITECAST_NEED_DATA(path);
  const Recorded recorded = record(file_options(path, true));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  const auto& parts = recorded.capture.tracks.at("video");
  const std::int64_t first_us = parts.front().appended_at_us;
  for (const StoredPart& stored : parts) {
    const auto media_us = static_cast<std::int64_t>(stored.part.media_time * 100 / 9);
    // Never before its moment; the first part itself may be late by what the encoder took to start.
    EXPECT_GE(stored.appended_at_us - first_us + 1'000'000, media_us);
  }
  EXPECT_GE(parts.back().appended_at_us - first_us, 1'000'000);
}

}  // namespace
}  // namespace sitecast::test
