// SPDX-License-Identifier: Apache-2.0
// Which H.264 encoder this machine uses, and why. Hardware encoders are not believed to work
// because their plugin is installed: each is run on a few frames first. Thread-safe. Blocking:
// probing one encoder takes up to kProbeLimitMs, once per process and name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/encode/encode_options.h"
#include "proto/base/result.h"

namespace sitecast::agent {

inline constexpr std::int64_t kProbeLimitMs = 3'000;

// How one GStreamer encoder element is told what we want. Rows: encoder_choice.cpp.
struct EncoderProfile {
  std::string name;     // as in the configuration, e.g. "x264"
  std::string element;  // GStreamer factory, e.g. "x264enc"
  bool hardware = false;
  // gst_parse_launch properties; {kbps} and {bps} become the bit rate, {gop} frames per key
  // interval.
  std::string properties;
  bool makes_avc = false;  // gives AVC with codec_data itself, so no parser is needed behind it
};

struct EncoderChoice {
  EncoderProfile profile;
  std::string reason;  // one English sentence for the log and `status`
};

// Names that the configuration takes besides "auto".
std::vector<std::string> encoder_names();

// kInvalidArgument: unknown name (the message lists the known ones). kFailedPrecondition: the named
// encoder does not work here, or none does.
Result<EncoderChoice> choose_encoder(const std::string& wanted);

// Whether the full-quality rendition is recorded too: as configured, or where this machine encodes
// two renditions at once without strain (a hardware encoder, or at least four cores).
bool records_master(const EncodeOptions& options, const EncoderChoice& choice);

}  // namespace sitecast::agent
