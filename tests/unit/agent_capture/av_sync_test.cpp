// SPDX-License-Identifier: Apache-2.0
// Flash and beep: five minutes in which the picture turns white and a tone sounds at the middle of
// every second.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "proto/codec/cmaf_muxer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

constexpr int kRateHz = 48'000;

// `length_s` of flashes (one picture) and beeps (100 ms) as H.264 and AAC.
std::filesystem::path flash_and_beep(const TempDir& folder, const std::string& length_s) {
  const auto path = folder.path() / "flash.mp4";
  output_of("ffmpeg -v error -f lavfi -i \"color=gray:s=320x240:r=30:d=" + length_s +
            ",drawbox=c=white:t=fill:enable='lt(mod(t+0.5,1),0.03)'\" "
            "-f lavfi -i \"aevalsrc='0.5*sin(2*PI*1000*t)*lt(mod(t+0.5,1),0.1)':s=48000:d=" +
            length_s + "\" -c:v libx264 -preset ultrafast -c:a aac -b:a 96k " + quoted(path));
  return path;
}

// Seconds at which a white picture begins.
std::vector<double> flashes(const StoredCapture& capture, const std::filesystem::path& video) {
  const auto brightness = brightness_of(video);
  const auto& parts = capture.tracks.at("video");
  EXPECT_EQ(brightness.size(), parts.size());
  std::vector<double> times;
  for (std::size_t i = 0; i < std::min(brightness.size(), parts.size()); ++i) {
    const bool white = brightness[i] > 200;
    const bool was_white = i > 0 && brightness[i - 1] > 200;
    if (white && !was_white) times.push_back(double(parts[i].part.media_time) / kVideoTimescale);
  }
  return times;
}

// Seconds at which a tone begins: loud after at least 300 ms of quiet.
std::vector<double> beeps(const std::filesystem::path& audio) {
  const auto sound = sound_of(audio, kRateHz);
  std::vector<double> times;
  std::size_t last_loud = 0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    if (std::fabs(sound[i]) < 0.1F) continue;
    if (times.empty() || i - last_loud > kRateHz * 3 / 10) times.push_back(double(i) / kRateHz);
    last_loud = i;
  }
  return times;
}

void expect_in_sync(const StoredCapture& capture, std::size_t flash_count) {
  const TempDir folder;
  const auto seen = flashes(capture, write_track(capture, "video", folder.path()));
  const auto heard = beeps(write_track(capture, "audio", folder.path()));
  ASSERT_EQ(seen.size(), heard.size());
  ASSERT_GE(seen.size(), flash_count);
  double worst_ms = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    worst_ms = std::max(worst_ms, std::fabs(seen[i] - heard[i]) * 1000);
  }
  EXPECT_LE(worst_ms, 40.0);
  std::printf(
      "  %zu flashes, sound and picture at most %.1f ms apart; start %.1f, middle %.1f, end %.1f\n",
      seen.size(), worst_ms, (heard[0] - seen[0]) * 1000,
      (heard[heard.size() / 2] - seen[seen.size() / 2]) * 1000,
      (heard.back() - seen.back()) * 1000);
}

TEST(AvSyncTest, FiveMinutesOfAFileStayWithin40Ms) {
  const TempDir folder;
  const Recorded recorded = record(file_options(flash_and_beep(folder, "300")));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  EXPECT_EQ(recorded.end.video_frames, 9000U);
  expect_in_sync(recorded.capture, 300);
}

TEST(AvSyncTest, FiveMinutesOfALoopStayWithin40Ms) {
  const TempDir folder;
  agent::RecordOptions options = file_options(flash_and_beep(folder, "7.4"));
  options.loop = true;
  options.duration_us = 300'000'000;
  const Recorded recorded = record(std::move(options));
  ASSERT_TRUE(recorded.status.ok()) << recorded.status.error().message();
  // 40 passes of 7.4 s with seven flashes each, and the beginning of another.
  expect_in_sync(recorded.capture, 283);
}

}  // namespace
}  // namespace sitecast::test
