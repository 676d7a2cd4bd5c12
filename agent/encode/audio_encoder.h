// SPDX-License-Identifier: Apache-2.0
// 48 kHz 16-bit sound in, Opus packets of 20 ms out.
// A packet's media time is when that was heard which comes out of the decoder for it
// (proto/README.md, "Sound and its clock"): the encoder looks pre-skip samples ahead, opusenc
// stamps every packet but the first accordingly, and the first is put right here, or left out when
// it precedes media time 0. In return the init segment says pre-skip 0. Threads: push() and
// finish() from one thread at a time; on_packet runs on the encoder's streaming thread, in order.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "agent/encode/encoded_frame.h"
#include "agent/gst/pipeline.h"
#include "agent/gst/ptr.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::agent {

class AudioEncoder {
 public:
  // `init` comes with the first packet.
  using OnPacket = std::function<void(EncodedFrame, std::optional<OpusInit> init)>;

  // 1 or 2 channels.
  static Result<std::unique_ptr<AudioEncoder>> make(std::uint8_t channel_count,
                                                    std::uint32_t bitrate_kbps, OnPacket on_packet);
  ~AudioEncoder();
  AudioEncoder(const AudioEncoder&) = delete;
  AudioEncoder& operator=(const AudioEncoder&) = delete;

  // From the next packet on. Any thread.
  void set_bitrate(std::uint32_t kbps);

  // Interleaved S16 little endian starting at sample `position` (48 kHz, 0 = media time 0). Calls
  // must join without gaps (agent/capture/audio_timeline.h makes them so). Blocks while five
  // seconds wait.
  Status push(ByteView samples, std::uint64_t position);
  // Encodes what was pushed to the end; the last packet is filled up with silence. Blocking.
  Status finish();
  std::optional<Error> take_error() { return pipeline_.take_error(); }

 private:
  AudioEncoder() = default;
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer self) noexcept;
  void take(GstSample* sample);

  std::uint8_t channel_count_ = 2;
  OnPacket on_packet_;
  std::optional<std::uint16_t> look_ahead_;  // samples; streaming thread only, as the next
  bool init_given_ = false;
  gst::GstPtr<GstElement> input_;
  gst::Pipeline pipeline_;  // last: stopped before what its threads use is gone
};

}  // namespace sitecast::agent
