// SPDX-License-Identifier: Apache-2.0
// The worker as the hub starts it, on real photos and real encoders' video, and on hostile bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "hub/derive/worker/jpeg.h"
#include "proto/base/file.h"
#include "proto/worker/process.h"
#include "tests/support/encoded_media.h"
#include "tests/support/test_capture.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kTestFileBytes = 64ULL << 20;

std::unique_ptr<WorkerProcess> make_worker() {
  WorkerProgram config;
  config.program = fs::path(SITECAST_BIN_DIR) / "sitecast-derive";
  config.wall_limit_s = 120;  // what is tested here is not how busy the machine is
  auto worker = WorkerProcess::make(config);
  EXPECT_TRUE(worker.ok());
  return std::move(worker).value();
}

fs::path test_data(std::string_view name) { return fs::path(SITECAST_TEST_DATA) / name; }

Bytes load(const fs::path& path) {
  auto bytes = read_file(path, kTestFileBytes);
  EXPECT_TRUE(bytes.ok()) << path;
  return bytes.ok() ? std::move(bytes).value() : Bytes{};
}

derive::Picture thumbnail_of(const Bytes& photo) {
  const auto jpeg = make_worker()->run("photo-thumbnail", photo);
  EXPECT_TRUE(jpeg.ok()) << jpeg.error().message();
  if (!jpeg.ok()) return {};
  auto picture = derive::decode_jpeg(*jpeg, 480);
  EXPECT_TRUE(picture.ok());
  return picture.ok() ? std::move(picture).value() : derive::Picture{};
}

double mean_difference(const derive::Picture& a, const derive::Picture& b) {
  if (a.rgb.size() != b.rgb.size() || a.rgb.empty()) return 255;
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
  return sum / static_cast<double>(a.rgb.size());
}

TEST(WorkerTest, AllEightOrientationsComeOutUpright) {
  if (!fs::exists(test_data("exif-gps-photos"))) GTEST_SKIP() << "no test data";
  const auto photo = [](int orientation) {
    return load(test_data("exif-gps-photos/jpg_orientation_landscape_" +
                          std::to_string(orientation) + ".jpg"));
  };
  const derive::Picture upright = thumbnail_of(photo(1));
  EXPECT_EQ(upright.width, 480U);
  for (int orientation = 2; orientation <= 8; ++orientation) {
    const derive::Picture picture = thumbnail_of(photo(orientation));
    EXPECT_EQ(picture.width, upright.width);
    // The pictures differ in tone, so each is compared with the upright one and its turned copies:
    // none of those may come nearer.
    const double difference = mean_difference(picture, upright);
    for (unsigned turned = 2; turned <= 4; ++turned) {
      EXPECT_LT(difference, mean_difference(picture, derive::orient(upright, turned)) / 2)
          << "orientation " << orientation << " looks like " << turned;
    }
  }
}

TEST(WorkerTest, HeicOfAPhoneBecomesAnUprightThumbnail) {
  const auto path = test_data("exif-gps-photos/heic_mobile_iphone_13_pro_max.HEIC");
  if (!fs::exists(path)) GTEST_SKIP() << "no test data";
  const derive::Picture picture = thumbnail_of(load(path));
  EXPECT_EQ(picture.width, 480U);
  EXPECT_EQ(picture.height, 640U);
}

TEST(WorkerTest, ThumbnailCarriesNoMetadataOfThePhoto) {
  const auto path = test_data("exif-gps-photos/jpg_gps_DSCN0010.jpg");
  if (!fs::exists(path)) GTEST_SKIP() << "no test data";
  const auto jpeg = make_worker()->run("photo-thumbnail", load(path));
  ASSERT_TRUE(jpeg.ok());
  const std::string_view text = as_text(*jpeg);
  for (const std::string_view secret : {"Exif", "NIKON", "http://", "GPS"}) {
    EXPECT_EQ(text.find(secret), std::string_view::npos) << secret;
  }
}

// A clip as the launcher makes it: init segment and key part, again and again.
Bytes clip_of(const std::vector<TestPart>& parts) {
  Bytes clip;
  for (const TestPart& part : parts) {
    if (part.envelope.init_segment().empty()) continue;
    const ByteView init = as_bytes(part.envelope.init_segment());
    clip.insert(clip.end(), init.begin(), init.end());
    clip.insert(clip.end(), part.media.begin(), part.media.end());
  }
  return clip;
}

TEST(WorkerTest, VideoThumbnailShowsTheFirstKeyFrame) {
  const auto stream = run_encoder(
      "videotestsrc pattern=red num-buffers=3 ! video/x-raw,width=1280,height=720,framerate=30/1 "
      "! x264enc tune=zerolatency threads=1 "
      "! video/x-h264,stream-format=avc,alignment=au,profile=high ! appsink name=sink");
  ASSERT_TRUE(stream.ok()) << stream.error().message();
  const auto jpeg = make_worker()->run("video-thumbnail", clip_of(video_parts(*stream, 1280, 720)));
  ASSERT_TRUE(jpeg.ok()) << jpeg.error().message();
  const auto picture = derive::decode_jpeg(*jpeg, 480);
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->width, 480U);
  EXPECT_EQ(picture->height, 270U);
  const std::uint8_t* middle = &picture->rgb[(135 * 480 + 240) * 3];
  EXPECT_NEAR(middle[0], 255, 12);
  EXPECT_NEAR(middle[1], 0, 12);
  EXPECT_NEAR(middle[2], 0, 12);
}

TEST(WorkerTest, SpriteHasATilePerChunkAcrossAChangeOfResolution) {
  const auto large = encode_h264(90, 640, 360);
  const auto small = encode_h264(60, 320, 240);
  ASSERT_TRUE(large.ok() && small.ok());
  Bytes clip = clip_of(video_parts(*large, 640, 360));
  const Bytes second = clip_of(video_parts(*small, 320, 240));
  clip.insert(clip.end(), second.begin(), second.end());
  const auto answer = make_worker()->run("sprite", clip);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  const std::string_view text = as_text(*answer);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            R"({"columns":5,"rows":1,"tile_width":160,"tile_height":120,"count":5})");
  const auto sheet = derive::decode_jpeg(ByteView(*answer).subspan(text.find('\n') + 1), 800);
  ASSERT_TRUE(sheet.ok());
  EXPECT_EQ(sheet->width, 800U);
  EXPECT_EQ(sheet->height, 120U);
}

// Hostile input may only end in a picture or in the worker's own refusal; never in its death.
void expect_survives(WorkerProcess& worker, std::string_view job, const Bytes& input,
                     const std::string& what) {
  const auto answer = worker.run(job, input);
  EXPECT_TRUE(answer.ok() || answer.error().kind() == ErrorKind::kInvalidArgument)
      << job << " of " << what << ": " << answer.error().message();
}

TEST(WorkerTest, BrokenMediaIsRefusedOrShownAndNothingElse) {
  if (!fs::exists(test_data("broken-media"))) GTEST_SKIP() << "no test data";
  const auto worker = make_worker();
  for (const auto& entry : fs::recursive_directory_iterator(test_data("broken-media"))) {
    if (!entry.is_regular_file()) continue;
    const Bytes bytes = load(entry.path());
    for (const std::string_view job : {"photo-thumbnail", "video-thumbnail", "sprite"}) {
      expect_survives(*worker, job, bytes, entry.path().filename().string());
    }
  }
}

void mutate(Bytes& bytes, std::mt19937& random) {
  const std::size_t edits = 1 + random() % 16;
  for (std::size_t i = 0; i < edits && !bytes.empty(); ++i) {
    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
  }
  if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 1));
}

TEST(WorkerTest, MutatedPhotosNeverKillTheWorker) {
  std::vector<Bytes> photos;
  const auto own = derive::encode_jpeg(derive::make_picture(320, 240), 80);
  ASSERT_TRUE(own.ok());
  photos.assign(2, *own);
  std::size_t slot = 1;
  for (const char* name : {"exif-gps-photos/jpg_orientation_landscape_6.jpg",
                           "exif-gps-photos/heic_mobile_iphone_13_pro_max.HEIC"}) {
    if (!fs::exists(test_data(name))) continue;
    photos.resize(std::max(photos.size(), slot + 1));
    photos[slot++] = load(test_data(name));
  }
  const auto worker = make_worker();
  std::mt19937 random(20'260'101);
  for (int round = 0; round < 45; ++round) {
    // The HEIC photo, which takes longest, every ninth time.
    Bytes photo = round % 9 == 8 ? photos.back() : photos[static_cast<std::size_t>(round) % 2];
    mutate(photo, random);
    expect_survives(*worker, "photo-thumbnail", photo, "round " + std::to_string(round));
  }
}

TEST(WorkerTest, MutatedVideoNeverKillsTheWorker) {
  const auto stream = encode_h264(60, 320, 180);
  ASSERT_TRUE(stream.ok());
  const Bytes clip = clip_of(video_parts(*stream, 320, 180));
  const auto worker = make_worker();
  std::mt19937 random(20'260'102);
  for (int round = 0; round < 40; ++round) {
    Bytes mutated = clip;
    mutate(mutated, random);
    expect_survives(*worker, round % 2 == 0 ? "sprite" : "video-thumbnail", mutated,
                    "round " + std::to_string(round));
  }
}

TEST(WorkerTest, EndlessWorkIsKilledAtTheWallLimit) {
  WorkerProgram config;
  config.program = "/bin/sleep";  // takes the job's name for a duration and ends with an error
  config.wall_limit_s = 1;
  auto worker = WorkerProcess::make(config);
  ASSERT_TRUE(worker.ok());
  const auto answer = (*worker)->run("600", {});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind(), ErrorKind::kResourceExhausted) << answer.error().message();
}

}  // namespace
}  // namespace sitecast::hub
