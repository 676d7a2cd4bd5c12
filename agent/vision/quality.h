// SPDX-License-Identifier: Apache-2.0
// Looks at a picture's brightness and says whether it is any use: too dark, blurred, or the lens
// covered. Works on a small copy of the luma, so a picture costs well under a millisecond.
// Thread-safe: pure functions. Thresholds and how they were chosen: README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sitecast::agent {

// Somebody else's luma plane, 8 bits.
struct LumaView {
  const std::uint8_t* data = nullptr;
  int width_px = 0;
  int height_px = 0;
  std::size_t stride_bytes = 0;
  bool video_range = false;  // black is 16 and white 235 (most video); false: 0 and 255 (photos)
};

struct QualityMeasure {
  double mean = 0;      // 0..255
  double bright = 0;    // 95th percentile: how bright the brightest parts are
  double contrast = 0;  // standard deviation over the whole picture
  double texture = 0;   // mean standard deviation inside small tiles: detail, not gradients
  double sharpness =
      0;  // edges: second beside first differences on the softer axis, 0 (soft) to 1.5
};

enum class Quality { kGood, kTooDark, kBlurred, kLensCovered };

// "too_dark", "blurred", "lens_covered" as in v1::QualityWarning; "" for kGood.
std::string_view warning_name(Quality quality);

// REQUIRES: data covers width x height; sides at least 1.
QualityMeasure measure_quality(const LumaView& luma);

// One verdict per picture: covered before dark before blurred, because each hides the next.
// `now` is the verdict that holds at present: leaving a warning takes a clearer picture than
// entering it, so that a value at the threshold does not flicker.
Quality judge_quality(const QualityMeasure& measure, Quality now = Quality::kGood);

// The measure that decides about `quality`, for v1::QualityWarning.value.
double deciding_value(const QualityMeasure& measure, Quality quality);

}  // namespace sitecast::agent
