// SPDX-License-Identifier: Apache-2.0
// Which of a V4L2 camera's modes to use. Thread-safe; camera_fragment opens the device for a
// moment.
#pragma once

#include <gst/gst.h>

#include <string>

#include "agent/capture/source.h"
#include "proto/base/result.h"

namespace sitecast::agent {

// One row of what a camera offers.
struct CameraMode {
  bool jpeg = false;  // Motion JPEG; otherwise raw
  int width_px = 0;
  int height_px = 0;
  double fps = 0;
};

// The best mode among `caps` (a v4l2src's): at least the wanted size and rate if there is one, of
// those the smallest; otherwise the largest that there is; raw before JPEG when equal, because JPEG
// costs a decoder. kInvalidArgument when nothing is usable.
Result<CameraMode> choose_camera_mode(const GstCaps* caps, const SourceOptions& wanted);

// GStreamer fragment for `device`, ending in raw video. kNotFound: no such device;
// kPermissionDenied, kUnavailable: cannot be opened.
Result<std::string> camera_fragment(const std::string& device, const SourceOptions& wanted);

}  // namespace sitecast::agent
