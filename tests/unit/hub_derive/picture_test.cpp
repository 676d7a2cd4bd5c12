// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/picture.h"

#include <gtest/gtest.h>

#include "hub/derive/worker/jpeg.h"

namespace sitecast::derive {
namespace {

// Two rows of three pixels whose red channel counts from 1.
Picture counting() {
  Picture picture = make_picture(3, 2);
  for (std::size_t i = 0; i < 6; ++i) picture.rgb[i * 3] = static_cast<std::uint8_t>(i + 1);
  return picture;
}

std::vector<int> reds(const Picture& picture) {
  std::vector<int> values;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) values.push_back(picture.rgb[i]);
  return values;
}

TEST(PictureTest, EachOrientationIsTurnedUpright) {
  // Stored:  1 2 3
  //          4 5 6
  const std::vector<std::pair<unsigned, std::vector<int>>> expected = {
      {0, {1, 2, 3, 4, 5, 6}}, {1, {1, 2, 3, 4, 5, 6}}, {2, {3, 2, 1, 6, 5, 4}},
      {3, {6, 5, 4, 3, 2, 1}}, {4, {4, 5, 6, 1, 2, 3}}, {5, {1, 4, 2, 5, 3, 6}},
      {6, {4, 1, 5, 2, 6, 3}}, {7, {6, 3, 5, 2, 4, 1}}, {8, {3, 6, 2, 5, 1, 4}},
      {9, {1, 2, 3, 4, 5, 6}}};
  for (const auto& [orientation, pixels] : expected) {
    const Picture upright = orient(counting(), orientation);
    EXPECT_EQ(reds(upright), pixels) << "orientation " << orientation;
    EXPECT_EQ(upright.width, orientation >= 5 && orientation <= 8 ? 2U : 3U);
  }
}

TEST(PictureTest, ShrinkingAveragesAndNeverEnlarges) {
  Picture picture = make_picture(4, 2);
  for (std::size_t i = 0; i < 8; ++i) picture.rgb[i * 3] = i % 4 < 2 ? 100 : 200;
  const Picture small = shrink(picture, 2, 2);
  EXPECT_EQ(small.width, 2U);
  EXPECT_EQ(small.height, 1U);
  EXPECT_EQ(reds(small), (std::vector<int>{100, 200}));
  EXPECT_EQ(shrink(picture, 100, 100).width, 4U);
}

TEST(PictureTest, ShrinkingKeepsAtLeastOnePixel) {
  const Picture line = shrink(make_picture(5000, 1), 100, 100);
  EXPECT_EQ(line.width, 100U);
  EXPECT_EQ(line.height, 1U);
}

TEST(PictureTest, VideoWhiteAndBlackBecomeWhiteAndBlack) {
  const std::uint8_t luma[] = {235, 16, 235, 16};
  const std::uint8_t chroma[] = {128};
  YuvView yuv;
  yuv.planes[0] = luma;
  yuv.planes[1] = yuv.planes[2] = chroma;
  yuv.strides[0] = 2;
  yuv.strides[1] = yuv.strides[2] = 1;
  yuv.width = yuv.height = 2;
  EXPECT_EQ(reds(from_i420(yuv, 480)), (std::vector<int>{255, 0, 255, 0}));
}

TEST(JpegTest, EncodedPictureDecodesToAlmostTheSame) {
  Picture picture = make_picture(64, 48);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>(i / 64);
  }
  const auto jpeg = encode_jpeg(picture, 95);
  ASSERT_TRUE(jpeg.ok());
  const auto decoded = decode_jpeg(*jpeg, 64);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message();
  ASSERT_EQ(decoded->rgb.size(), picture.rgb.size());
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    EXPECT_NEAR(decoded->rgb[i], picture.rgb[i], 12);
  }
}

TEST(JpegTest, LargePicturesAreReducedWhileDecoding) {
  const auto jpeg = encode_jpeg(make_picture(1600, 800), 80);
  ASSERT_TRUE(jpeg.ok());
  const auto decoded = decode_jpeg(*jpeg, 480);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->width, 800U);
}

TEST(JpegTest, CutOffFileGivesWhatCouldBeReadOrAnError) {
  const auto jpeg = encode_jpeg(make_picture(200, 200), 80);
  ASSERT_TRUE(jpeg.ok());
  for (std::size_t size = 0; size < jpeg->size(); size += 7) {
    (void)decode_jpeg(ByteView(*jpeg).first(size), 480).ok();  // neither crash nor hang
  }
  EXPECT_FALSE(decode_jpeg(ByteView(*jpeg).first(100), 480).ok());
}

TEST(JpegTest, OrientationIsReadInBothByteOrdersAndOnlyFromWholeEntries) {
  const std::string little("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 28);
  const std::string big("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 28);
  EXPECT_EQ(exif_orientation(as_bytes(little)), 6U);
  EXPECT_EQ(exif_orientation(as_bytes(big)), 8U);
  for (std::size_t size = 0; size < little.size(); ++size) {
    EXPECT_EQ(exif_orientation(as_bytes(little).first(size)), 0U) << size;
  }
}

}  // namespace
}  // namespace sitecast::derive
