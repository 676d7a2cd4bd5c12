// SPDX-License-Identifier: Apache-2.0
// Frames from real encoders for tests: runs a GStreamer pipeline to its end and keeps what arrives
// at its appsink named "sink". Blocking; call from one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

struct EncodedFrame {
  Bytes data;
  std::int64_t pts_ns = 0;
  bool key_frame = false;
};

struct EncodedStream {
  Bytes codec_data;  // of the caps: avcC, AudioSpecificConfig; empty for Opus
  std::vector<EncodedFrame> frames;
};

// `pipeline` as for gst-launch-1.0, ending in "appsink name=sink".
Result<EncodedStream> run_encoder(const std::string& pipeline);

// 30 frames a second of a moving pattern, a key frame every second, no B-frames.
Result<EncodedStream> encode_h264(int frame_count, int width_px, int height_px);
// A tick of 1 kHz every second, as mono float samples at 48 kHz, 20 ms to a frame.
Result<EncodedStream> raw_ticks(int frame_count);
// The same as Opus. The encoder's first frame is left out: its output precedes the clock's zero
// (proto/README.md, "Sound and its clock").
Result<EncodedStream> encode_opus_ticks(int frame_count);
// The same ticks as AAC-LC, 48 kHz, mono.
Result<EncodedStream> encode_aac_ticks(int frame_count);

}  // namespace sitecast
