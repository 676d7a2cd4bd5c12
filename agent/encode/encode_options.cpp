// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/encode_options.h"

#include <algorithm>

namespace sitecast::agent {

EncodeOptions at_quality(const EncodeOptions& options, const LiveQuality& quality) {
  EncodeOptions live = options;
  live.max_width_px = std::min(options.max_width_px, quality.max_width_px);
  live.max_height_px = std::min(options.max_height_px, quality.max_height_px);
  live.max_fps = std::min(options.max_fps, quality.max_fps);
  live.video_bitrate_kbps = std::min(options.video_bitrate_kbps, quality.video_kbps);
  if (quality.still_every_ms > 0) {
    // A still has what the time up to the next one has, all in one picture.
    live.max_fps = 1;
    live.video_bitrate_kbps = live.video_bitrate_kbps * quality.still_every_ms / 1000;
  }
  return live;
}

EncodeOptions for_master(const EncodeOptions& options) {
  EncodeOptions master = options;
  master.max_width_px = options.master_max_width_px;
  master.max_height_px = options.master_max_height_px;
  master.video_bitrate_kbps = options.master_bitrate_kbps;
  return master;
}

}  // namespace sitecast::agent
