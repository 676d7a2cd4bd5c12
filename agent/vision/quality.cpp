// SPDX-License-Identifier: Apache-2.0
#include "agent/vision/quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace sitecast::agent {
namespace {

constexpr int kLongSidePx = 320;
constexpr int kTilePx = 20;
constexpr double kBrightShare = 0.95;
constexpr double kStrongEdgeShare = 0.03;
constexpr float kLeastEdge = 1.0F;

// What is entered below the first value is left above the second. README.md says where they are
// from.
struct Threshold {
  double enter;
  double leave;
  [[nodiscard]] bool below(double value, bool inside) const {
    return value < (inside ? leave : enter);
  }
};
constexpr Threshold kDarkMean{28, 36};
constexpr Threshold kDarkBright{64, 80};
constexpr Threshold kCoveredDarkContrast{2.5, 3.5};
constexpr Threshold kCoveredTexture{2.5, 3.5};
constexpr Threshold kCoveredContrast{20, 24};
constexpr Threshold kCoveredBright{165, 180};  // brighter and flat is a wall, the sky or fog
constexpr Threshold kBlurredSharpness{0.36, 0.45};
constexpr double kTextureToJudgeBlur = 4;  // a white wall has no edges that could be sharp

cv::Mat small_luma(const LumaView& luma) {
  const cv::Mat whole(luma.height_px, luma.width_px, CV_8UC1, const_cast<std::uint8_t*>(luma.data),
                      luma.stride_bytes);
  const int longest = std::max(luma.width_px, luma.height_px);
  cv::Mat small;
  if (longest <= kLongSidePx) {
    small = whole.clone();
  } else {
    const double scale = double(kLongSidePx) / longest;
    const cv::Size size(std::max(1, static_cast<int>(luma.width_px * scale)),
                        std::max(1, static_cast<int>(luma.height_px * scale)));
    cv::resize(whole, small, size, 0, 0, cv::INTER_AREA);
  }
  if (luma.video_range) small.convertTo(small, CV_8U, 255.0 / 219, -16 * 255.0 / 219);
  return small;
}

double percentile(const cv::Mat& luma, double share) {
  std::array<int, 256> histogram{};
  for (int y = 0; y < luma.rows; ++y) {
    const std::uint8_t* row = luma.ptr<std::uint8_t>(y);
    for (int x = 0; x < luma.cols; ++x) ++histogram[row[x]];
  }
  const double wanted = share * double(luma.total());
  double below = 0;
  for (int value = 0; value < 256; ++value) {
    below += histogram[static_cast<std::size_t>(value)];
    if (below >= wanted) return value;
  }
  return 255;
}

double mean_tile_deviation(const cv::Mat& luma) {
  double sum = 0;
  int count = 0;
  for (int y = 0; y < luma.rows; y += kTilePx) {
    for (int x = 0; x < luma.cols; x += kTilePx) {
      const cv::Rect tile(x, y, std::min(kTilePx, luma.cols - x), std::min(kTilePx, luma.rows - y));
      cv::Scalar mean;
      cv::Scalar deviation;
      cv::meanStdDev(luma(tile), mean, deviation);
      sum += deviation[0];
      ++count;
    }
  }
  return sum / count;
}

// How abrupt the strongest edges along one axis are: second differences beside first differences,
// where the first are largest. A step over one pixel gives about 1, the same step spread over n
// pixels about 1/n; the picture's contrast cancels out, and noise in flat places does not count.
double axis_sharpness(const cv::Mat& soft, bool along_x) {
  const int x = along_x ? 1 : 0;
  const int y = along_x ? 0 : 1;
  cv::Mat first;
  cv::Sobel(soft, first, CV_32F, x, y, 3, 1.0 / 8);
  first = cv::abs(first);
  cv::Mat second;
  cv::Sobel(soft, second, CV_32F, 2 * x, 2 * y, 3, 1.0 / 4);
  second = cv::abs(second);
  std::vector<float> strengths(first.begin<float>(), first.end<float>());
  const auto limit = strengths.begin() +
                     static_cast<std::ptrdiff_t>(double(strengths.size()) * (1 - kStrongEdgeShare));
  if (limit == strengths.end()) return 0;
  std::nth_element(strengths.begin(), limit, strengths.end());
  cv::Mat edges = first >= std::max(*limit, kLeastEdge);
  // The second difference is zero in the middle of an edge and largest beside it.
  cv::dilate(edges, edges, cv::Mat());
  const double mean_first = cv::mean(first, edges)[0];
  return mean_first > 0 ? cv::mean(second, edges)[0] / mean_first : 0;
}

// The softer axis counts: a shaken camera blurs in one direction only.
double edge_sharpness(const cv::Mat& luma) {
  cv::Mat soft;
  cv::GaussianBlur(luma, soft, cv::Size(3, 3), 0.6);
  return std::min(axis_sharpness(soft, true), axis_sharpness(soft, false));
}

}  // namespace

std::string_view warning_name(Quality quality) {
  switch (quality) {
    case Quality::kTooDark: return "too_dark";
    case Quality::kBlurred: return "blurred";
    case Quality::kLensCovered: return "lens_covered";
    case Quality::kGood: break;
  }
  return "";
}

QualityMeasure measure_quality(const LumaView& view) {
  // A thread pool for a picture of 320 pixels costs more than it saves.
  static const bool single_threaded = (cv::setNumThreads(1), true);
  static_cast<void>(single_threaded);
  const cv::Mat luma = small_luma(view);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(luma, mean, deviation);
  QualityMeasure measure;
  measure.mean = mean[0];
  measure.contrast = deviation[0];
  measure.bright = percentile(luma, kBrightShare);
  measure.texture = mean_tile_deviation(luma);
  measure.sharpness = edge_sharpness(luma);
  return measure;
}

Quality judge_quality(const QualityMeasure& measure, Quality now) {
  const bool was_covered = now == Quality::kLensCovered;
  const bool was_dark = now == Quality::kTooDark;
  const bool was_blurred = now == Quality::kBlurred;
  const bool dark =
      kDarkMean.below(measure.mean, was_dark) && kDarkBright.below(measure.bright, was_dark);
  const bool flat = kCoveredTexture.below(measure.texture, was_covered) &&
                    kCoveredContrast.below(measure.contrast, was_covered) &&
                    kCoveredBright.below(measure.bright, was_covered);
  if (dark ? kCoveredDarkContrast.below(measure.contrast, was_covered) : flat) {
    return Quality::kLensCovered;
  }
  if (dark) return Quality::kTooDark;
  const bool has_edges = measure.texture >= kTextureToJudgeBlur;
  if (has_edges && kBlurredSharpness.below(measure.sharpness, was_blurred))
    return Quality::kBlurred;
  return Quality::kGood;
}

double deciding_value(const QualityMeasure& measure, Quality quality) {
  switch (quality) {
    case Quality::kTooDark: return measure.mean;
    case Quality::kBlurred: return measure.sharpness;
    case Quality::kLensCovered: return measure.texture;
    case Quality::kGood: break;
  }
  return 0;
}

}  // namespace sitecast::agent
