// SPDX-License-Identifier: Apache-2.0
// Picture and sound of an export stay together: a clip that flashes and beeps at the same moments,
// five minutes long, measured at its start, middle and end, with gaps in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/unit/hub_check/check_fixture.h"
#include "tests/unit/hub_check/media_probe.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr int kSeconds = 300;
constexpr int kPeriod = 5;  // seconds between flashes
constexpr double kMostOffset = 0.040;

class SyncTest : public CheckFixture {
 protected:
  // The clip, as parts on the capture's clock.
  void make_clip() {
    const std::string mkv = (dir_.path() / "flash.mkv").string();
    const std::string wav = (dir_.path() / "beep.wav").string();
    shell(
        "ffmpeg -nostdin -v error -f lavfi -i "
        "\"color=c=black:s=160x90:r=30:d=" +
        std::to_string(kSeconds) + ",drawbox=c=white:t=fill:enable='lt(mod(n\\," +
        std::to_string(kPeriod * 30) +
        ")\\,3)'\" -c:v libx264 -preset ultrafast -tune zerolatency -bf 0 -g 60 " + mkv + " 2>&1");
    shell("ffmpeg -nostdin -v error -f lavfi -i \"aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t\\," +
          std::to_string(kPeriod) + ")\\,0.1)':s=48000:d=" + std::to_string(kSeconds) + "\" " +
          wav + " 2>&1");
    auto video = run_encoder("filesrc location=" + mkv +
                             " ! matroskademux ! h264parse "
                             "! video/x-h264,stream-format=avc,alignment=au ! appsink name=sink");
    auto sound = run_encoder("filesrc location=" + wav +
                             " ! wavparse ! audioconvert ! opusenc frame-size=20 "
                             "! appsink name=sink");
    ASSERT_TRUE(video.ok()) << video.error().message();
    ASSERT_TRUE(sound.ok()) << sound.error().message();
    sound->frames.erase(sound->frames.begin());  // precedes the clock's zero
    ASSERT_EQ(video->frames.size(), static_cast<std::size_t>(kSeconds * 30));
    pictures_ = video_parts(*video, 160, 90);
    sounds_ = opus_parts(*sound);
  }

  fs::path export_clip(const std::vector<std::uint64_t>& picture_order,
                       const std::vector<std::uint64_t>& sound_order) {
    TestCapture capture = new_capture();
    capture.add_track("video", pictures_, picture_order);
    capture.add_track("audio", sounds_, sound_order);
    capture.state_opened("walkthrough");
    capture.state_closed();
    build_index();
    const fs::path dir = dir_.path() / "export";
    const CommandResult result = export_to(dir, capture.id().text());
    EXPECT_EQ(result.code, 0) << result.err;
    return dir / "movie.mp4";
  }

  // Offset of each flash to its beep, and both to where they were filmed.
  static void expect_in_sync(const fs::path& movie, std::size_t at_least) {
    const auto flashes = flash_times(movie);
    const auto beeps = beep_times(movie);
    std::size_t pairs = 0;
    for (const double flash : flashes) {
      const double filmed = std::round(flash / kPeriod) * kPeriod;
      const auto beep = std::ranges::min_element(
          beeps, {}, [flash](double time) { return std::abs(time - flash); });
      if (beep == beeps.end() || std::abs(*beep - flash) > kPeriod / 2.0) continue;
      ++pairs;
      EXPECT_NEAR(*beep, flash, kMostOffset) << "at " << flash << " s";
      EXPECT_NEAR(flash, filmed, kMostOffset) << "at " << flash << " s";
    }
    EXPECT_GE(pairs, at_least) << flashes.size() << " flashes, " << beeps.size() << " beeps";
    EXPECT_LT(flashes.front(), 1.0);
    EXPECT_GT(flashes.back(), kSeconds - kPeriod - 1.0);
  }

  std::vector<TestPart> pictures_;
  std::vector<TestPart> sounds_;
};

TEST_F(SyncTest, FlashAndBeepStayTogetherForFiveMinutes) {
  make_clip();
  const fs::path movie = export_clip({}, {});
  EXPECT_EQ(decode_errors(movie), "");
  EXPECT_EQ(frame_times(movie, "v:0").size(), static_cast<std::size_t>(kSeconds * 30));
  expect_in_sync(movie, kSeconds / kPeriod);
}

TEST_F(SyncTest, FlashAndBeepStayTogetherAfterGapsInEitherTrack) {
  make_clip();
  std::vector<std::uint64_t> pictures;
  std::vector<std::uint64_t> sounds;
  for (std::uint64_t i = 0; i < pictures_.size(); ++i) {
    const std::uint64_t second = i / 30;
    const bool gap = (second >= 62 && second < 68) || (second >= 200 && second < 230);
    if (!gap) pictures.push_back(i);
  }
  for (std::uint64_t i = 0; i < sounds_.size(); ++i) {
    const std::uint64_t second = i / 25;
    const bool gap = (second >= 121 && second < 133) || (second >= 200 && second < 230);
    if (!gap) sounds.push_back(i);
  }
  expect_in_sync(export_clip(pictures, sounds), 45);
}

}  // namespace
}  // namespace sitecast::hub
