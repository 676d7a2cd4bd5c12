// SPDX-License-Identifier: Apache-2.0
// Exports of captures from real encoders, looked at with ffmpeg.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "proto/base/file.h"
#include "tests/unit/hub_check/check_fixture.h"
#include "tests/unit/hub_check/media_probe.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

class ExportTest : public CheckFixture {
 protected:
  // Exports and expects success; the folder.
  fs::path exported(const TestCapture& capture, const std::string& name = "export") {
    build_index();
    const fs::path dir = dir_.path() / name;
    const CommandResult result = export_to(dir, capture.id().text());
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return dir;
  }
  static nlohmann::json read_json(const fs::path& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file, nullptr, false);
  }
};

std::vector<std::uint64_t> all_but(std::size_t count,
                                   const std::vector<std::pair<std::size_t, std::size_t>>& gaps) {
  std::vector<std::uint64_t> order;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::ranges::none_of(gaps, [i](auto gap) { return i >= gap.first && i < gap.second; })) {
      order.push_back(i);
    }
  }
  return order;
}

TEST_F(ExportTest, CaptureBecomesOnePlayableFileWithEveryFrame) {
  const auto video = encode_h264(150, 320, 180);
  const auto sound = encode_opus_ticks(250);
  ASSERT_TRUE(video.ok() && sound.ok());
  TestCapture capture = new_capture();
  capture.add_track("video", video_parts(*video, 320, 180));
  capture.add_track("audio", opus_parts(*sound));
  capture.state_opened("walkthrough", "Hall 3 三号厂房");
  capture.state_note("the roof is on 屋面已完成", 2'000'000);
  capture.state_closed();

  const fs::path dir = exported(capture);
  const fs::path movie = dir / "movie.mp4";
  EXPECT_EQ(decode_errors(movie), "");
  EXPECT_EQ(frame_times(movie, "v:0").size(), 150U);
  EXPECT_EQ(frame_times(movie, "a:0").size(), sound->frames.size());
  const CommandResult verified = verify(dir);
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;

  const auto events = read_json(dir / "events.json");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1]["body"]["text"], "the roof is on 屋面已完成");
  EXPECT_EQ(events[1]["media_time_us"], 2'000'000);
  EXPECT_EQ(read_json(dir / "proof.json")["movies"][0]["starts_at_us"], 0);
  // Playable from its front: moov before mdat.
  const std::string info = shell("ffprobe -v trace '" + movie.string() + "' 2>&1");
  EXPECT_LT(info.find("type:'moov'"), info.find("type:'mdat'"));
}

TEST_F(ExportTest, PartsThatArrivedInAnyOrderMakeTheSameMovie) {
  const auto video = encode_h264(60, 160, 90);
  ASSERT_TRUE(video.ok());
  TestCapture straight = new_capture();
  straight.add_track("video", video_parts(*video, 160, 90, 3));
  TestCapture shuffled = new_capture();
  std::vector<std::uint64_t> order(20);
  std::iota(order.rbegin(), order.rend(), 0);
  shuffled.add_track("video", video_parts(*video, 160, 90, 3), order);
  for (TestCapture* capture : {&straight, &shuffled}) {
    capture->state_opened("walkthrough");
    capture->state_closed();
  }
  const auto first = read_file(exported(straight, "a") / "movie.mp4", 1 << 24);
  const auto second = read_file(exported(shuffled, "b") / "movie.mp4", 1 << 24);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
}

TEST_F(ExportTest, GapsLastAsLongInTheFileAsTheyDidInTheCapture) {
  const auto video = encode_h264(300, 160, 90);
  const auto sound = encode_opus_ticks(500);
  ASSERT_TRUE(video.ok() && sound.ok());
  TestCapture capture = new_capture();
  auto pictures = video_parts(*video, 160, 90);
  auto sounds = opus_parts(*sound);
  const auto sound_parts = sounds.size();
  capture.add_track("video", std::move(pictures), all_but(300, {{60, 90}}));         // 2..3 s
  capture.add_track("audio", std::move(sounds), all_but(sound_parts, {{75, 150}}));  // 3..6 s
  capture.state_opened("walkthrough");
  capture.state_closed();
  const fs::path dir = exported(capture);
  EXPECT_EQ(decode_errors(dir / "movie.mp4"), "");
  const auto times = frame_times(dir / "movie.mp4", "v:0");
  ASSERT_EQ(times.size(), 270U);
  EXPECT_NEAR(times[59], 59 / 30.0, 0.001);
  EXPECT_NEAR(times[60], 3.0, 0.001);
  EXPECT_NEAR(times.back(), 299 / 30.0, 0.001);
  const CommandResult verified = verify(dir);
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_NE(verified.out.find("video parts 60-89: missing"), std::string::npos) << verified.out;
  EXPECT_NE(verified.out.find("video 的第 60-89 段：缺失"), std::string::npos);
}

TEST_F(ExportTest, TrackThatBeginsLaterStaysInPlace) {
  const auto video = encode_h264(60, 160, 90);
  const auto sound = encode_aac_ticks(140);
  ASSERT_TRUE(video.ok() && sound.ok());
  TestCapture capture = new_capture();
  capture.add_track("video", video_parts(*video, 160, 90, 1, 1'500'000));
  capture.add_track("audio", aac_parts(*sound, 500'000));
  capture.state_opened("walkthrough");
  capture.state_closed();
  const fs::path dir = exported(capture);
  EXPECT_EQ(decode_errors(dir / "movie.mp4"), "");
  const auto pictures = frame_times(dir / "movie.mp4", "v:0");
  const auto sounds = frame_times(dir / "movie.mp4", "a:0");
  EXPECT_EQ(pictures.size(), 60U);
  EXPECT_EQ(sounds.size(), 140U);
  EXPECT_NEAR(pictures.front() - sounds.front(), 1.0, 0.001);
  EXPECT_EQ(read_json(dir / "proof.json")["movies"][0]["starts_at_us"], 500'000);
}

TEST_F(ExportTest, ChangeOfResolutionPlaysThrough) {
  const auto small = encode_h264(60, 160, 90);
  const auto large = encode_h264(60, 320, 180);
  ASSERT_TRUE(small.ok() && large.ok());
  auto parts = video_parts(*small, 160, 90);
  auto second = video_parts(*large, 320, 180, 1, 2'000'000);
  std::ranges::move(second, std::back_inserter(parts));
  TestCapture capture = new_capture();
  capture.add_track("video", std::move(parts));
  capture.state_opened("walkthrough");
  capture.state_closed();
  const fs::path movie = exported(capture) / "movie.mp4";
  EXPECT_EQ(decode_errors(movie), "");
  EXPECT_EQ(frame_times(movie, "v:0").size(), 120U);
  const std::string widths =
      shell("ffprobe -v error -select_streams v:0 -show_entries frame=width -of csv=p=0 '" +
            movie.string() + "' | tr -d , | grep . | sort | uniq -c | tr -s ' \\n' ' '");
  EXPECT_EQ(widths, " 60 160 60 320 ");
}

TEST_F(ExportTest, MovieShowsTheMasterOnceItIsThereAndTheLiveRenditionUntilThen) {
  const auto live = encode_h264(90, 160, 90);
  const auto full = encode_h264(90, 320, 180);
  ASSERT_TRUE(live.ok() && full.ok());
  for (const auto& [name, arrived, width] :
       {std::tuple("whole", std::size_t{90}, "320"), std::tuple("half", std::size_t{45}, "160")}) {
    TestCapture capture = new_capture();
    capture.add_track("video", video_parts(*live, 160, 90));
    capture.add_track("master", video_parts(*full, 320, 180), all_but(90, {{arrived, 90}}));
    capture.state_opened("walkthrough");
    capture.state_closed();
    const fs::path dir = exported(capture, name);
    const std::string widths =
        shell("ffprobe -v error -select_streams v -show_entries stream=width -of csv=p=0 '" +
              (dir / "movie.mp4").string() + "' | tr -d ,");
    EXPECT_EQ(widths, std::string(width) + "\n") << name;
    EXPECT_EQ(frame_times(dir / "movie.mp4", "v:0").size(), 90U) << name;
    EXPECT_TRUE(fs::exists(dir / "proof/master.media")) << name;
    const CommandResult verified = verify(dir);
    EXPECT_EQ(verified.code, 0) << name << verified.out << verified.err;
  }
}

TEST_F(ExportTest, PhotoComesOutByteForByte) {
  Bytes photo(150'000);
  for (std::size_t i = 0; i < photo.size(); ++i) photo[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  TestCapture capture = new_capture();
  capture.add_track("image", file_parts("../../现场 1.JPG", "image/jpeg", photo), {2, 0, 1});
  capture.state_opened("photo");
  capture.state_closed();
  const fs::path dir = exported(capture);
  const auto out = read_file(dir / "image.jpg", 1 << 20);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(*out, photo);
  EXPECT_EQ(read_json(dir / "proof.json")["originals"][0]["name"], "../../现场 1.JPG");
  EXPECT_EQ(verify(dir).code, 0);
}

TEST_F(ExportTest, IncompleteDocumentIsSaidToBeSo) {
  TestCapture capture = new_capture();
  capture.add_track("file", file_parts("plan.xlsx", "application/x", Bytes(150'000)), {0, 2});
  capture.state_opened("document");
  capture.state_closed();
  build_index();
  const CommandResult result = export_to(dir_.path() / "out", capture.id().text());
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("file: not every block has arrived yet"), std::string::npos)
      << result.err;
  EXPECT_FALSE(fs::exists(dir_.path() / "out" / "file.xlsx"));
}

TEST_F(ExportTest, GrowingCaptureIsExportedUpToItsLastWholePart) {
  const auto video = encode_h264(60, 160, 90);
  ASSERT_TRUE(video.ok());
  TestCapture capture = new_capture();
  capture.add_track("video", video_parts(*video, 160, 90));
  capture.state_opened("walkthrough");
  build_index();
  // What a running hub is in the middle of: half a record, media that no record names yet.
  const auto append = [](const fs::path& path, const Bytes& bytes) {
    auto file = File::open_for_appending(path);
    ASSERT_TRUE(file.ok() && file->append(bytes).ok());
  };
  append(layout_.sidecar(project_, capture.id(), "video"), Bytes(11, 1));
  append(layout_.media(project_, capture.id(), "video"), Bytes(5000, 2));
  const fs::path dir = dir_.path() / "out";
  EXPECT_EQ(export_to(dir, capture.id().text()).code, 0);
  const CommandResult verified = verify(dir);
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_EQ(frame_times(dir / "movie.mp4", "v:0").size(), 60U);
}

TEST_F(ExportTest, FolderWithFilesIsRefusedAndLeftAlone) {
  TestCapture capture = new_capture();
  capture.add_track("image", file_parts("a.jpg", "image/jpeg", Bytes(100)));
  capture.state_opened("photo");
  build_index();
  fs::create_directories(dir_.path() / "taken");
  std::ofstream(dir_.path() / "taken" / "mine.txt") << "mine";
  const CommandResult result = export_to(dir_.path() / "taken", capture.id().text());
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("is not empty; name a new folder"), std::string::npos) << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path() / "taken"), {}), 1);
  const CommandResult file = export_to(dir_.path() / "taken" / "mine.txt", capture.id().text());
  EXPECT_NE(file.err.find("is a file"), std::string::npos) << file.err;
}

TEST_F(ExportTest, UnknownCaptureIsAClearErrorAndMakesNoFolder) {
  build_index();
  const std::string id = CaptureId::make().text();
  const CommandResult result = export_to(dir_.path() / "out", id);
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "sitecast-hub: export: there is no capture " + id + " in this archive\n");
  EXPECT_FALSE(fs::exists(dir_.path() / "out"));
  EXPECT_NE(export_to(dir_.path() / "out", "hall 3").err.find("is not a capture id"),
            std::string::npos);
}

}  // namespace
}  // namespace sitecast::hub
