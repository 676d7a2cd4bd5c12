// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/vision_watch.h"

#include <gst/video/video.h>

#include <utility>

namespace sitecast::agent {

std::optional<QualityMeasure> measure_sample(GstSample* sample) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) == FALSE ||
      gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ) == FALSE) {
    return std::nullopt;
  }
  LumaView luma;  // plane 0 of I420 and NV12
  luma.data = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  luma.width_px = GST_VIDEO_FRAME_WIDTH(&frame);
  luma.height_px = GST_VIDEO_FRAME_HEIGHT(&frame);
  luma.stride_bytes = static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0));
  luma.video_range = info.colorimetry.range != GST_VIDEO_COLOR_RANGE_0_255;
  const QualityMeasure measure = measure_quality(luma);
  gst_video_frame_unmap(&frame);
  return measure;
}

VisionWatch::VisionWatch(OnChange on_change)
    : on_change_(std::move(on_change)), thread_([this] { run(); }) {}

void VisionWatch::offer(const RawMedia& picture) {
  if (picture.media_time_ns < next_ns_) return;
  next_ns_ = picture.media_time_ns + kIntervalNs;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = picture;
  }
  changed_.notify_one();
}

void VisionWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void VisionWatch::run() {
  QualityMonitor monitor;
  for (;;) {
    std::optional<RawMedia> picture;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || waiting_; });
      if (stopping_) return;
      picture = std::exchange(waiting_, std::nullopt);
    }
    const auto measure = measure_sample(picture->sample.get());
    if (!measure) continue;
    for (const QualityChange& change : monitor.add(*measure, picture->media_time_ns / 1000)) {
      on_change_(change);
    }
  }
}

}  // namespace sitecast::agent
