// SPDX-License-Identifier: Apache-2.0
// How frames are encoded and cut into parts: the `[encode]` table of agent.toml. Defaults are what
// the agent uses when the table is absent. Thread-safety: plain value.
#pragma once

#include <cstdint>
#include <string>

namespace sitecast::agent {

struct EncodeOptions {
  // "auto" probes the hardware encoders that are installed and falls back to x264; otherwise one of
  // encoder_names() (agent/encode/encoder_choice.h).
  std::string encoder = "auto";
  std::uint32_t video_bitrate_kbps = 2'500;  // of the largest picture below; smaller ones get less
  std::uint32_t audio_bitrate_kbps = 48;
  // Upper bounds; a smaller picture is never scaled up. The limit applies to the upright picture's
  // longer (max_width) and shorter (max_height) side, so that a portrait clip keeps its sharpness.
  std::uint32_t max_width_px = 1'280;
  std::uint32_t max_height_px = 720;
  std::uint32_t max_fps = 30;
  // A part is closed with the frame that fills it; 33 means every frame of a 30 fps picture at
  // once.
  std::uint32_t video_part_ms = 33;
  std::uint32_t audio_part_ms = 40;
  // The full-quality rendition (track `master`), recorded beside the live one: "on", "off", or
  // "auto" = where the device can encode both (records_master()).
  std::string master = "auto";
  std::uint32_t master_bitrate_kbps = 8'000;
  std::uint32_t master_max_width_px = 1'920;
  std::uint32_t master_max_height_px = 1'080;
};

// How the live rendition is made at this moment: it follows the link, the master does not.
struct LiveQuality {
  std::uint32_t video_kbps = 0;  // 0: no pictures
  std::uint32_t max_width_px = 0;
  std::uint32_t max_height_px = 0;
  std::uint32_t max_fps = 0;
  std::uint32_t still_every_ms = 0;  // > 0: single key frames, this far apart
  std::uint32_t audio_kbps = 0;      // 0: as it is
  bool operator==(const LiveQuality&) const = default;
};

// `options` as they are for the live rendition at this quality; never more than they were.
EncodeOptions at_quality(const EncodeOptions& options, const LiveQuality& quality);
// `options` as they are for the master.
EncodeOptions for_master(const EncodeOptions& options);

}  // namespace sitecast::agent
