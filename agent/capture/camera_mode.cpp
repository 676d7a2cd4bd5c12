// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/camera_mode.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "agent/gst/pipeline.h"

namespace sitecast::agent {
namespace {

// Largest integer of a caps field that may be a number, a range or a list; bounded by `limit` in a
// range, because a camera that scales freely is asked for what we want.
int number_of(const GValue* value, int limit) {
  if (value == nullptr) return 0;
  if (G_VALUE_HOLDS_INT(value)) return g_value_get_int(value);
  if (GST_VALUE_HOLDS_INT_RANGE(value)) {
    return std::clamp(limit, gst_value_get_int_range_min(value),
                      gst_value_get_int_range_max(value));
  }
  return 0;
}

double rate_of_fraction(const GValue* value) {
  const int denominator = gst_value_get_fraction_denominator(value);
  return denominator == 0 ? 0 : double(gst_value_get_fraction_numerator(value)) / denominator;
}

// The offered rate nearest to `wanted`, from above if possible.
double rate_of(const GValue* value, double wanted) {
  if (value == nullptr) return wanted;
  if (GST_VALUE_HOLDS_FRACTION(value)) return rate_of_fraction(value);
  if (GST_VALUE_HOLDS_FRACTION_RANGE(value)) {
    return std::clamp(wanted, rate_of_fraction(gst_value_get_fraction_range_min(value)),
                      rate_of_fraction(gst_value_get_fraction_range_max(value)));
  }
  double best = 0;
  if (GST_VALUE_HOLDS_LIST(value)) {
    for (guint i = 0; i < gst_value_list_get_size(value); ++i) {
      const double rate = rate_of(gst_value_list_get_value(value, i), wanted);
      const bool enough = best >= wanted - 0.5;
      if (enough ? (rate >= wanted - 0.5 && rate < best) : rate > best) best = rate;
    }
  }
  return best;
}

std::vector<CameraMode> modes_of(const GstCaps* caps, const SourceOptions& wanted) {
  std::vector<CameraMode> modes;
  for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
    const GstStructure* row = gst_caps_get_structure(caps, i);
    const std::string_view type = gst_structure_get_name(row);
    if (type != "video/x-raw" && type != "image/jpeg") continue;
    CameraMode mode;
    mode.jpeg = type == "image/jpeg";
    mode.width_px =
        number_of(gst_structure_get_value(row, "width"), static_cast<int>(wanted.max_width_px));
    mode.height_px =
        number_of(gst_structure_get_value(row, "height"), static_cast<int>(wanted.max_height_px));
    mode.fps = rate_of(gst_structure_get_value(row, "framerate"), wanted.max_fps);
    if (mode.width_px > 0 && mode.height_px > 0 && mode.fps > 0) modes.push_back(mode);
  }
  return modes;
}

}  // namespace

Result<CameraMode> choose_camera_mode(const GstCaps* caps, const SourceOptions& wanted) {
  const std::vector<CameraMode> modes = modes_of(caps, wanted);
  if (modes.empty()) return invalid_argument("the camera offers no picture format that we know");
  const auto rank = [&](const CameraMode& mode) {
    const double pixels = double(mode.width_px) * mode.height_px;
    const double enough = double(wanted.max_width_px) * wanted.max_height_px;
    const bool smooth = mode.fps >= wanted.max_fps - 0.5;
    const bool large = pixels >= enough;
    // A smooth picture matters most, then enough pixels, then no more of them than needed.
    return std::tuple(smooth || mode.fps >= 15, large, smooth, large ? -pixels : pixels, !mode.jpeg,
                      -std::abs(mode.fps - wanted.max_fps));
  };
  return *std::max_element(
      modes.begin(), modes.end(),
      [&](const CameraMode& a, const CameraMode& b) { return rank(a) < rank(b); });
}

Result<std::string> camera_fragment(const std::string& device, const SourceOptions& wanted) {
  std::error_code code;
  if (!std::filesystem::exists(device, code)) {
    return not_found(fmt::format("no camera at {}; plug it in or name another device", device));
  }
  SC_TRY_ASSIGN(gst::Pipeline probe, gst::Pipeline::create("camera"));
  SC_TRY_ASSIGN(GstElement * camera, probe.add("v4l2src", "camera"));
  g_object_set(camera, "device", device.c_str(), nullptr);
  if (Status status = probe.set_state(GST_STATE_READY); !status.ok()) {
    return status.error().within("the camera " + device);
  }
  const auto pad = gst::GstPtr<GstPad>::adopt(gst_element_get_static_pad(camera, "src"));
  const auto caps = gst::GstPtr<GstCaps>::adopt(gst_pad_query_caps(pad.get(), nullptr));
  SC_TRY_ASSIGN(const CameraMode mode, choose_camera_mode(caps.get(), wanted));
  probe.stop();
  int numerator = 0;
  int denominator = 1;
  gst_util_double_to_fraction(mode.fps, &numerator, &denominator);
  return fmt::format(
      "v4l2src device=\"{}\" do-timestamp=true ! {},width={},height={},framerate={}/{}{}", device,
      mode.jpeg ? "image/jpeg" : "video/x-raw", mode.width_px, mode.height_px, numerator,
      denominator, mode.jpeg ? " ! jpegdec" : "");
}

}  // namespace sitecast::agent
