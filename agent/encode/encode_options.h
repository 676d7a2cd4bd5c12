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
  std::uint32_t video_bitrate_kbps = 2'500;
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
};

}  // namespace sitecast::agent
