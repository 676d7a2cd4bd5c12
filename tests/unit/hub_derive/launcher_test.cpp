// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/launcher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "hub/derive/derive_job.h"
#include "hub/derive/products.h"
#include "proto/base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_capture.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class LauncherTest : public testing::Test {
 protected:
  LauncherTest()
      : layout_(dir_.path()),
        key_(SigningKey::generate()),
        capture_(layout_, ProjectId::make(), DeviceId::make(), key_) {}

  std::unique_ptr<DeriveLauncher> start(fs::path worker) {
    DeriveConfig config;
    config.worker = std::move(worker);
    auto launcher = DeriveLauncher::start(config, layout_, Log("derive"));
    EXPECT_TRUE(launcher.ok());
    return std::move(launcher).value();
  }
  std::unique_ptr<DeriveLauncher> start() {
    return start(fs::path(SITECAST_BIN_DIR) / "sitecast-derive");
  }
  [[nodiscard]] fs::path derived(std::string_view name) const {
    return layout_.derived_dir(capture_.project(), capture_.id()) / name;
  }
  [[nodiscard]] bool nothing_pending() const { return fs::is_empty(pending_dir(layout_)); }
  void add_video() {
    const auto stream = encode_h264(120, 320, 180);
    ASSERT_TRUE(stream.ok());
    capture_.add_track("video", video_parts(*stream, 320, 180));
  }

  TempDir dir_;
  Layout layout_;
  SigningKey key_;
  TestCapture capture_;
};

TEST_F(LauncherTest, GrowingCaptureHasAThumbnailAndAClosedOneASprite) {
  add_video();
  const auto launcher = start();
  launcher->segment_closed(capture_.project(), capture_.id(), "video");
  ASSERT_TRUE(eventually([&] { return fs::exists(derived("thumbnail.jpg")); }));
  EXPECT_FALSE(fs::exists(derived("sprite.jpg")));
  launcher->capture_closed(capture_.project(), capture_.id());
  ASSERT_TRUE(eventually([&] { return fs::exists(derived("sprite.json")); }));
  ASSERT_TRUE(eventually([&] { return nothing_pending(); }));

  std::ifstream file(derived("sprite.json"));
  const auto sprite = nlohmann::json::parse(file);
  EXPECT_EQ(sprite, (nlohmann::json{{"interval_ms", 2000},
                                    {"columns", 2},
                                    {"rows", 1},
                                    {"tile_width", 160},
                                    {"tile_height", 90},
                                    {"count", 2}}));
  EXPECT_EQ(launcher->counters().made, 2U);
  EXPECT_EQ(launcher->counters().failed, 0U);
}

TEST_F(LauncherTest, ManySegmentsMakeOneThumbnail) {
  add_video();
  const auto launcher = start();
  for (int i = 0; i < 100; ++i) {
    launcher->segment_closed(capture_.project(), capture_.id(), "video");
  }
  ASSERT_TRUE(eventually([&] { return launcher->counters().made == 1 && nothing_pending(); }));
  EXPECT_EQ(launcher->counters().waiting, 0U);
}

TEST_F(LauncherTest, UnreadablePhotoIsRecordedAndNotTriedForEver) {
  capture_.add_track("image", file_parts("a.jpg", "image/jpeg", Bytes(1000, 0x55)));
  const auto launcher = start();
  launcher->photo_complete(capture_.project(), capture_.id(), "image");
  ASSERT_TRUE(eventually([&] { return nothing_pending(); }));
  EXPECT_EQ(launcher->counters().failed, 1U);
  launcher->photo_complete(capture_.project(), capture_.id(), "image");
  ASSERT_TRUE(eventually([&] { return nothing_pending(); }));
  EXPECT_EQ(launcher->counters().failed, 1U);
  std::ifstream file(derived("failed.json"));
  EXPECT_EQ(nlohmann::json::parse(file)["thumbnail"]["cause"], "neither JPEG nor HEIC");
}

TEST_F(LauncherTest, CrashingWorkerIsTriedThreeTimes) {
  add_video();
  const auto launcher = start("/bin/false");
  launcher->segment_closed(capture_.project(), capture_.id(), "video");
  ASSERT_TRUE(eventually([&] { return nothing_pending(); }));
  EXPECT_EQ(launcher->counters().failed, 3U);
  EXPECT_FALSE(fs::exists(derived("thumbnail.jpg")));
}

TEST_F(LauncherTest, WorkThatWaitedWhenTheHubDiedIsDoneAfterItsStart) {
  add_video();
  fs::create_directories(pending_dir(layout_));
  remember_pending(layout_,
                   {DeriveKind::kVideoThumbnail, capture_.project(), capture_.id(), "video"});
  const auto launcher = start();
  EXPECT_TRUE(eventually([&] { return fs::exists(derived("thumbnail.jpg")); }));
}

TEST_F(LauncherTest, StoppingKillsARunningWorkerAndKeepsItsJobPending) {
  add_video();
  const fs::path worker = dir_.path() / "slow";
  std::ofstream(worker) << "#!/bin/sh\nexec sleep 600\n";
  fs::permissions(worker, fs::perms::owner_all);
  {
    const auto launcher = start(worker);
    launcher->segment_closed(capture_.project(), capture_.id(), "video");
    ASSERT_TRUE(eventually([&] { return launcher->counters().waiting == 0; }));
  }
  EXPECT_EQ(read_pending(layout_).size(), 1U);
}

TEST_F(LauncherTest, AnswersThatAreNotWhatWasAskedForAreNotKept) {
  const DeriveJob job{DeriveKind::kSprite, capture_.project(), capture_.id(), "video"};
  DeriveInput input;
  input.interval_ms = 2000;
  input.count = 4;
  const std::string jpeg("\xff\xd8\xff\xe0\xff\xd9", 6);
  const auto answer = [&](std::string_view line) {
    return store_product(layout_, job, input, as_bytes(std::string(line) + "\n" + jpeg));
  };
  EXPECT_FALSE(answer("{}").ok());
  EXPECT_FALSE(answer("[1").ok());
  EXPECT_FALSE(
      answer(R"({"columns":1,"rows":1,"tile_width":160,"tile_height":90,"count":4})").ok());
  EXPECT_FALSE(
      answer(R"({"columns":4,"rows":1,"tile_width":100000,"tile_height":90,"count":4})").ok());
  EXPECT_TRUE(answer(R"({"columns":4,"rows":1,"tile_width":160,"tile_height":90,"count":4})").ok());
  EXPECT_FALSE(store_product(layout_,
                             {DeriveKind::kPhotoThumbnail, job.project, job.capture, "image"},
                             input, as_bytes("<script>"))
                   .ok());
}

TEST(LauncherConfigTest, MissingWorkerIsAClearErrorUnlessDisabled) {
  const TempDir dir;
  DeriveConfig config;
  config.worker = dir.path() / "absent";
  const auto launcher = DeriveLauncher::start(config, Layout(dir.path()), Log("derive"));
  ASSERT_FALSE(launcher.ok());
  EXPECT_EQ(launcher.error().kind(), ErrorKind::kInvalidArgument);
  config.enabled = false;
  EXPECT_TRUE(DeriveLauncher::start(config, Layout(dir.path()), Log("derive")).ok());
}

}  // namespace
}  // namespace sitecast::hub
