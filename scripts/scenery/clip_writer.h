// SPDX-License-Identifier: Apache-2.0
// Writes frames as an MP4 (H.264 and AAC: a low murmur, so that a clip has sound to archive).
// Owner thread: one. The file is whole after finish().
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

#include "proto/base/result.h"
#include "scripts/scenery/gst_handles.h"

namespace sitecast::scenery {

class ClipWriter {
 public:
  static Result<ClipWriter> open(const std::filesystem::path& path, cv::Size size, int fps,
                                 int frame_count);
  // Blocks while the encoder is behind.
  Status add(const cv::Mat& picture);
  Status finish();

 private:
  ClipWriter(Pipeline pipeline, Element in, int fps)
      : pipeline_(std::move(pipeline)), in_(std::move(in)), fps_(fps) {}
  Pipeline pipeline_;
  Element in_;
  int fps_;
  std::uint64_t frames_ = 0;
};

}  // namespace sitecast::scenery
