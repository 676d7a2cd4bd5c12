// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/job_input.h"

#include <gtest/gtest.h>

#include "hub/derive/sprite_limits.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_capture.h"

namespace sitecast::hub {
namespace {

class JobInputTest : public testing::Test {
 protected:
  JobInputTest()
      : layout_(dir_.path()),
        key_(SigningKey::generate()),
        capture_(layout_, ProjectId::make(), DeviceId::make(), key_) {}
  [[nodiscard]] DeriveJob job(DeriveKind kind, std::string track) const {
    return {kind, capture_.project(), capture_.id(), std::move(track)};
  }
  TempDir dir_;
  Layout layout_;
  SigningKey key_;
  TestCapture capture_;
};

TEST_F(JobInputTest, PhotoIsPutTogetherFromBlocksThatArrivedInAnyOrder) {
  Bytes photo(200'000);
  for (std::size_t i = 0; i < photo.size(); ++i) photo[i] = static_cast<std::uint8_t>(i * 7);
  capture_.add_track("image", file_parts("a.jpg", "image/jpeg", photo), {3, 1, 0, 2});
  const auto input = prepare_input(layout_, job(DeriveKind::kPhotoThumbnail, "image"));
  ASSERT_TRUE(input.ok()) << input.error().message();
  EXPECT_EQ(input->bytes, photo);
}

TEST_F(JobInputTest, IncompletePhotoIsNotHandedOut) {
  capture_.add_track("image", file_parts("a.jpg", "image/jpeg", Bytes(200'000)), {0, 1, 3});
  const auto input = prepare_input(layout_, job(DeriveKind::kPhotoThumbnail, "image"));
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind(), ErrorKind::kDataLoss);
}

TEST_F(JobInputTest, SpriteTakesOneKeyFramePerInterval) {
  const auto stream = encode_h264(270, 160, 90);  // 9 s, a key frame every second
  ASSERT_TRUE(stream.ok());
  capture_.add_track("video", video_parts(*stream, 160, 90));
  const auto input = prepare_input(layout_, job(DeriveKind::kSprite, "video"));
  ASSERT_TRUE(input.ok()) << input.error().message();
  EXPECT_EQ(input->interval_ms, 2000U);
  EXPECT_EQ(input->count, 5U);
}

TEST_F(JobInputTest, TrackWithoutKeyFrameHasNothingToShow) {
  const auto stream = encode_h264(20, 160, 90);
  ASSERT_TRUE(stream.ok());
  capture_.add_track("video", video_parts(*stream, 160, 90), {1, 2, 3});
  const auto input = prepare_input(layout_, job(DeriveKind::kVideoThumbnail, "video"));
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().kind(), ErrorKind::kNotFound);
}

TEST(SpriteIntervalTest, CountStaysWithinTheSheet) {
  EXPECT_EQ(sprite_interval_ms(0), 2000U);
  EXPECT_EQ(sprite_interval_ms(200'000), 2000U);
  EXPECT_EQ(sprite_interval_ms(200'001), 3000U);
  EXPECT_EQ(sprite_interval_ms(7'200'000), 72'000U);
  for (std::uint64_t duration = 1; duration < 20'000'000; duration = duration * 3 / 2 + 1) {
    const std::uint64_t interval = sprite_interval_ms(duration);
    EXPECT_LE((duration + interval - 1) / interval, derive::kSpriteMaxTiles) << duration;
  }
}

}  // namespace
}  // namespace sitecast::hub
