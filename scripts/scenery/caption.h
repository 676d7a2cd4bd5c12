// SPDX-License-Identifier: Apache-2.0
// The line of text on every picture: white on a dark bar in the lower left corner. Drawn by
// GStreamer from an SVG, because OpenCV's own letters know no Chinese.
// Thread-safety: a Caption is immutable; drawing on different pictures may run at the same time.
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "proto/base/result.h"

namespace sitecast::scenery {

class Caption {
 public:
  // `height_px`: of the text. kInternal when GStreamer cannot draw it. Blocking, some milliseconds.
  static Result<Caption> make(const std::string& text, int height_px);
  void draw_on(cv::Mat& picture) const;

 private:
  explicit Caption(cv::Mat1f coverage) : coverage_(std::move(coverage)) {}
  cv::Mat1f coverage_;  // of white, 0..1
};

}  // namespace sitecast::scenery
