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

// gst_parse_launch text: encoder [! h264parse] ! AVC caps. Profile High or Main, which every
// browser decodes; the parser is there only for encoders that give Annex B.
std::string encoder_description(const EncoderProfile& profile, std::uint32_t bitrate_kbps,
                                std::uint32_t key_interval_frames);

}  // namespace sitecast::agent
