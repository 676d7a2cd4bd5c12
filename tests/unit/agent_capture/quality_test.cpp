// SPDX-License-Identifier: Apache-2.0
// Warnings about pictures: none on real footage that is fine, always on the same pictures spoilt.
#include "agent/vision/quality.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "agent/vision/quality_monitor.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::agent {
namespace {

using test::test_data;

Quality verdict(const cv::Mat& luma) {
  return judge_quality(measure_quality({luma.data, luma.cols, luma.rows, luma.step}));
}

// Real pictures: all photos, and two frames a second of every clip that is in focus.
std::vector<std::pair<std::string, cv::Mat>> real_pictures() {
  std::vector<std::pair<std::string, cv::Mat>> pictures;
  for (const char* folder : {"tnb-fixedcam", "london-residential-handheld", "exif-gps-photos"}) {
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(test_data(folder), code)) {
      const cv::Mat luma = cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE);
      if (!luma.empty()) pictures.emplace_back(entry.path().filename().string(), luma);
    }
  }
  for (const char* clip :
       {"walkthrough-gopro/max-heromode.mp4",
        "kings-cross-phone/sample_with_increasing_timestamps_320w_240h.mp4",
        "kings-cross-phone/sample_with_increasing_timestamps_360p.mp4",
        "kings-cross-phone/pixel-motion-photo-2-hevc-tracks.mp4",
        "phone-video/VID_20191220_170832.mp4", "phone-video/h265_with_metadata_track.mp4",
        "fixedcam-other/worker-zone-detection.gif"}) {
    if (!std::filesystem::exists(test_data(clip))) continue;
    const TempDir folder;
    test::output_of("ffmpeg -v error -i " + test::quoted(test_data(clip)) +
                    " -map 0:v:0 -vf fps=2 " + test::quoted(folder.path() / "%03d.png"));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      pictures.emplace_back(clip + (":" + entry.path().filename().string()),
                            cv::imread(entry.path().string(), cv::IMREAD_GRAYSCALE));
    }
  }
  return pictures;
}

class RealPicturesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { pictures = real_pictures(); }
  static void TearDownTestSuite() { pictures.clear(); }
  void SetUp() override {
    if (pictures.size() < 100) GTEST_SKIP() << "test data is absent or incomplete";
  }
  static inline std::vector<std::pair<std::string, cv::Mat>> pictures;
};

TEST_F(RealPicturesTest, GiveNoFalseAlarm) {
  for (const auto& [name, luma] : pictures) {
    EXPECT_EQ(verdict(luma), Quality::kGood) << name << ": " << warning_name(verdict(luma));
  }
}

// The same pictures out of focus (2.5 pixels of 320) or shaken (18 pixels of 320).
TEST_F(RealPicturesTest, AreCalledBlurredWhenTheyAre) {
  for (const auto& [name, luma] : pictures) {
    const double unit = std::max(luma.cols, luma.rows) / 320.0;
    cv::Mat soft;
    cv::GaussianBlur(luma, soft, cv::Size(), 2.5 * unit);
    EXPECT_EQ(verdict(soft), Quality::kBlurred) << name;
    const int length = std::max(3, int(18 * unit)) | 1;
    cv::Mat kernel = cv::Mat::zeros(length, length, CV_32F);
    kernel.row(length / 2) = 1.0F / float(length);
    cv::filter2D(luma, soft, -1, kernel);
    EXPECT_EQ(verdict(soft), Quality::kBlurred) << name << " shaken";
  }
}

TEST_F(RealPicturesTest, AreCalledTooDarkWhenTheyAre) {
  for (const auto& [name, luma] : pictures) {
    const double mean = cv::mean(luma)[0];
    cv::Mat dark;
    luma.convertTo(dark, -1, 14 / mean, 0);
    cv::Mat noise(dark.size(), CV_8U);
    cv::randu(noise, 0, 6);
    cv::add(dark, noise, dark);
    EXPECT_EQ(verdict(dark), Quality::kTooDark) << name;
  }
}

TEST_F(RealPicturesTest, AreCalledCoveredBehindAFinger) {
  for (const auto& [name, luma] : pictures) {
    const double unit = std::max(luma.cols, luma.rows) / 320.0;
    cv::Mat small;
    cv::resize(luma, small, cv::Size(), 1 / unit, 1 / unit, cv::INTER_AREA);
    cv::Mat covered;
    cv::GaussianBlur(small, covered, cv::Size(), 40);
    covered.convertTo(covered, -1, 0.15, 60);  // skin, lit through
    cv::Mat noise(covered.size(), CV_8U);
    cv::randu(noise, 0, 4);
    cv::add(covered, noise, covered);
    EXPECT_EQ(verdict(covered), Quality::kLensCovered) << name;
  }
}

TEST(QualityTest, APocketIsALensCovered) {
  cv::Mat pocket(720, 1280, CV_8U, cv::Scalar(3));
  cv::Mat noise(pocket.size(), CV_8U);
  cv::randu(noise, 0, 8);
  cv::add(pocket, noise, pocket);
  EXPECT_EQ(verdict(pocket), Quality::kLensCovered);
}

TEST(QualityTest, AWhiteWallAndTheSkyAreFine) {
  EXPECT_EQ(verdict(cv::Mat(720, 1280, CV_8U, cv::Scalar(255))), Quality::kGood);
  EXPECT_EQ(verdict(cv::Mat(720, 1280, CV_8U, cv::Scalar(200))), Quality::kGood);
}

TEST(QualityTest, VideoLevelsAreStretched) {
  const cv::Mat black(240, 320, CV_8U, cv::Scalar(16));
  const LumaView luma{black.data, black.cols, black.rows, black.step, true};
  EXPECT_LT(measure_quality(luma).mean, 1.0);
}

TEST(QualityTest, OnePixelIsAPicture) {
  const cv::Mat one(1, 1, CV_8U, cv::Scalar(128));
  EXPECT_EQ(measure_quality({one.data, 1, 1, 1}).mean, 128);
}

TEST(QualityTest, TrimOptimizationFailureIsBlurredAsAPersonSeesToo) {
  const auto path = test_data("phone-video/trim_optimization_failure.mp4");
  SITECAST_NEED_DATA(path);
  const TempDir folder;
  test::output_of("ffmpeg -v error -ss 3 -i " + test::quoted(path) + " -frames:v 1 " +
                  test::quoted(folder.path() / "a.png"));
  EXPECT_EQ(verdict(cv::imread((folder.path() / "a.png").string(), cv::IMREAD_GRAYSCALE)),
            Quality::kBlurred);
}

QualityMeasure measure_of(Quality quality) {
  QualityMeasure measure{120, 220, 50, 25, 1.1};
  if (quality == Quality::kTooDark) measure = {10, 30, 10, 5, 1.1};
  if (quality == Quality::kBlurred) measure.sharpness = 0.2;
  return measure;
}

TEST(QualityMonitorTest, AWarningNeedsASecondToBeginAndToEnd) {
  QualityMonitor monitor;
  EXPECT_TRUE(monitor.add(measure_of(Quality::kTooDark), 0).empty());
  EXPECT_TRUE(monitor.add(measure_of(Quality::kTooDark), 900'000).empty());
  const auto begun = monitor.add(measure_of(Quality::kTooDark), 1'000'000);
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_TRUE(begun[0].active);
  EXPECT_EQ(begun[0].media_time_us, 0);
  EXPECT_EQ(begun[0].value, 10);
  EXPECT_TRUE(monitor.add(measure_of(Quality::kGood), 1'300'000).empty());
  EXPECT_TRUE(monitor.add(measure_of(Quality::kTooDark), 2'000'000).empty());
  EXPECT_TRUE(monitor.add(measure_of(Quality::kGood), 2'300'000).empty());
  const auto ended = monitor.add(measure_of(Quality::kGood), 3'300'000);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].active);
  EXPECT_EQ(ended[0].quality, Quality::kTooDark);
  EXPECT_EQ(ended[0].media_time_us, 2'300'000);
}

TEST(QualityMonitorTest, AShortShakeSaysNothing) {
  QualityMonitor monitor;
  for (std::int64_t i = 0; i < 100; ++i) {
    const Quality quality = i % 4 < 3 ? Quality::kBlurred : Quality::kGood;
    EXPECT_TRUE(monitor.add(measure_of(quality), i * 300'000).empty()) << i;
  }
}

TEST(QualityMonitorTest, OneWarningMayTakeOverFromAnother) {
  QualityMonitor monitor;
  monitor.add(measure_of(Quality::kTooDark), 0);
  monitor.add(measure_of(Quality::kTooDark), 1'000'000);
  monitor.add(measure_of(Quality::kBlurred), 2'000'000);
  const auto changes = monitor.add(measure_of(Quality::kBlurred), 3'000'000);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_FALSE(changes[0].active);
  EXPECT_EQ(changes[1].quality, Quality::kBlurred);
}

TEST(QualityMonitorTest, AValueAtTheThresholdDoesNotFlicker) {
  QualityMonitor monitor;
  QualityMeasure measure = measure_of(Quality::kGood);
  std::size_t changes = 0;
  for (std::int64_t i = 0; i < 200; ++i) {
    measure.sharpness = (i / 8) % 2 == 0 ? 0.34 : 0.40;  // 2.4 s each
    changes += monitor.add(measure, i * 300'000).size();
  }
  EXPECT_EQ(changes, 1U);
}

}  // namespace
}  // namespace sitecast::agent
