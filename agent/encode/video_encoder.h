// SPDX-License-Identifier: Apache-2.0
// Raw pictures of one format in, H.264 access units out. A source that changes its format gets a
// new encoder; the init segment changes with it at the key frame that begins it. Threads: push()
// and finish() from one thread at a time; on_frame runs on the encoder's streaming thread, in
// order, and must not call back into the encoder. Nothing is queued beyond what the caller allows
// through in_flight() and wait_for_room().
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/encode/encode_options.h"
#include "agent/encode/encoded_frame.h"
#include "agent/encode/encoder_choice.h"
#include "agent/encode/picture_size.h"
#include "agent/gst/pipeline.h"
#include "agent/gst/ptr.h"
#include "proto/base/result.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::agent {

// Bit rate for a picture: the configured rate holds for the largest that the options allow, smaller
// ones get less (by pixels per second to the power of 0.75: small ones need more bits per pixel).
std::uint32_t bitrate_for(const EncodeOptions& options, PictureSize size, double fps);

class VideoEncoder {
 public:
  // `init` is set with the first frame and whenever the decoder configuration changes.
  using OnFrame = std::function<void(EncodedFrame, std::optional<VideoInit> init)>;

  // `raw_caps`: fixed video/x-raw in system memory. kInvalidArgument when it is not.
  static Result<std::unique_ptr<VideoEncoder>> make(const EncoderChoice& choice,
                                                    const EncodeOptions& options, GstCaps* raw_caps,
                                                    OnFrame on_frame);
  ~VideoEncoder();
  VideoEncoder(const VideoEncoder&) = delete;
  VideoEncoder& operator=(const VideoEncoder&) = delete;

  [[nodiscard]] PictureSize size() const { return size_; }
  [[nodiscard]] bool takes(GstCaps* raw_caps) const;

  // Does not block. Media times must rise. `buffer` is shared, not copied.
  Status push(GstBuffer* buffer, std::int64_t media_time_ns, std::int64_t duration_ns,
              bool key_frame);
  // Pictures pushed whose access unit is not out yet.
  [[nodiscard]] std::uint32_t in_flight() const;
  // Blocks until fewer than `limit` are in flight; false after `wait_ms`.
  bool wait_for_room(std::uint32_t limit, std::int64_t wait_ms);
  // Encodes what was pushed to the end. Blocking up to a few seconds; kUnavailable when the encoder
  // hangs, otherwise its own error. Nothing may be pushed afterwards.
  Status finish();
  // The encoder's own failure since the last call, if any.
  std::optional<Error> take_error() { return pipeline_.take_error(); }

 private:
  VideoEncoder() = default;
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer self) noexcept;
  void take(GstSample* sample);

  gst::GstPtr<GstCaps> raw_caps_;
  PictureSize size_;
  OnFrame on_frame_;
  gst::GstPtr<GstElement> input_;
  gst::GstPtr<GstElement> encoder_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::uint32_t in_flight_ = 0;  // under mutex_
  Bytes avcc_;                   // streaming thread only
  gst::Pipeline pipeline_;       // last: stopped before what its threads use is gone
};

}  // namespace sitecast::agent
