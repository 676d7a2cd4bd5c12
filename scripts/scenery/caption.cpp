// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/caption.h"

#include <fmt/format.h>
#include <gst/video/video.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "scripts/scenery/gst_handles.h"

namespace sitecast::scenery {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '&') {
      out += "&amp;";
    } else if (letter == '<') {
      out += "&lt;";
    } else {
      out += letter;
    }
  }
  return out;
}

}  // namespace

Result<Caption> Caption::make(const std::string& text, int height_px) {
  // White letters on black: the brightness is the coverage.
  const std::string svg =
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}">)"
                  R"(<rect width="100%" height="100%" fill="black"/>)"
                  R"(<text x="8" y="{}" fill="white" font-family="Noto Sans CJK SC, sans-serif" )"
                  R"(font-size="{}">{}</text></svg>)",
                  static_cast<int>(text.size()) * height_px, 2 * height_px,
                  height_px + height_px / 2, height_px, escaped(text));
  const char* launch =
      "appsrc name=in caps=image/svg+xml format=time ! rsvgdec ! videoconvert ! "
      "video/x-raw,format=GRAY8 ! appsink name=out sync=false";
  GError* problem = nullptr;
  const Pipeline pipeline(gst_parse_launch(launch, &problem));
  if (problem != nullptr) {
    const std::string message = problem->message;
    g_clear_error(&problem);
    return internal_error("draw text with GStreamer: " + message);
  }
  const Element in(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const Element out(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, svg.size(), nullptr);
  gst_buffer_fill(buffer, 0, svg.data(), svg.size());
  GST_BUFFER_PTS(buffer) = 0;
  GST_BUFFER_DURATION(buffer) = GST_SECOND;
  gst_app_src_push_buffer(GST_APP_SRC(in.get()), buffer);  // takes the buffer
  gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
  const Sample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 10 * GST_SECOND));
  if (!sample) return internal_error("draw text with GStreamer: it gave no picture");

  GstVideoInfo info;
  GstVideoFrame frame;
  if (gst_video_info_from_caps(&info, gst_sample_get_caps(sample.get())) == FALSE ||
      gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample.get()), GST_MAP_READ) ==
          FALSE) {
    return internal_error("draw text with GStreamer: unreadable picture");
  }
  cv::Mat1f coverage(info.height, info.width, 0.0F);
  const auto* pixels = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  const std::ptrdiff_t stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
  for (int y = 0; y < coverage.rows; ++y) {
    for (int x = 0; x < coverage.cols; ++x) {
      coverage(y, x) = static_cast<float>(pixels[y * stride + x]) / 255.0F;
    }
  }
  gst_video_frame_unmap(&frame);
  cv::Mat letters;
  cv::findNonZero(coverage > 0.05F, letters);
  if (letters.empty()) return internal_error("no font draws the text; install fonts-noto-cjk");
  return Caption(coverage(cv::boundingRect(letters)).clone());
}

void Caption::draw_on(cv::Mat& picture) const {
  const int pad = std::max(4, coverage_.rows / 3);
  const cv::Rect frame(0, 0, picture.cols, picture.rows);
  const cv::Rect text(2 * pad, picture.rows - 2 * pad - coverage_.rows, coverage_.cols,
                      coverage_.rows);
  const cv::Rect bar =
      cv::Rect(text.x - pad, text.y - pad, text.width + 2 * pad, text.height + 2 * pad) & frame;
  picture(bar) *= 0.42;
  for (int y = 0; y < text.height; ++y) {
    for (int x = 0; x < text.width; ++x) {
      const cv::Point at(text.x + x, text.y + y);
      if (!frame.contains(at)) continue;
      auto& pixel = picture.at<cv::Vec3b>(at);
      const float white = coverage_(y, x);
      for (int channel = 0; channel < 3; ++channel) {
        pixel[channel] = cv::saturate_cast<std::uint8_t>(
            static_cast<float>(pixel[channel]) * (1 - white) + 250 * white);
      }
    }
  }
}

}  // namespace sitecast::scenery
