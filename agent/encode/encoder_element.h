// SPDX-License-Identifier: Apache-2.0
// The piece of a GStreamer pipeline from raw frames to length-prefixed H.264 access units.
// Thread-safe: pure function.
#pragma once

#include <cstdint>
#include <string>

#include "agent/encode/encoder_choice.h"

namespace sitecast::agent {

// Name of the encoder element inside the description.
inline constexpr const char* kEncoderElementName = "encoder";

struct EncoderRate {
  std::uint32_t bitrate_kbps = 0;
  std::uint32_t buffer_ms = 600;  // how much of the bit rate one moment may take in advance
  std::uint32_t key_interval_frames = 0;
};

// gst_parse_launch text: encoder [! h264parse] ! AVC caps. Profile High or Main, which every
// browser decodes; the parser is there only for encoders that give Annex B.
std::string encoder_description(const EncoderProfile& profile, const EncoderRate& rate);

}  // namespace sitecast::agent
