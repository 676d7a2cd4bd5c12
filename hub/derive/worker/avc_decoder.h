// SPDX-License-Identifier: Apache-2.0
// H.264 pictures by GStreamer's avdec_h264, driven pad to pad on the caller's thread: no pipeline,
// no bus, no thread of GStreamer's and no demuxer, so that the sandbox can forbid all they would
// need. The box structure is read by our own strict reader before anything reaches the decoder.
// Owner thread: one; blocking on the CPU only.
#pragma once

#include <memory>

#include "hub/derive/worker/picture.h"

namespace sitecast::derive {

class AvcDecoder {
 public:
  // Loads GStreamer and its libav plugin from files: before the sandbox closes.
  static Result<std::unique_ptr<AvcDecoder>> load();
  virtual ~AvcDecoder() = default;

  // The picture of one key frame (length-prefixed NAL units) that `avcc` configures. Independent of
  // what was decoded before; at least `wanted_width` wide if the video is. kInvalidArgument: the
  // decoder gave no picture.
  virtual Result<Picture> key_frame(ByteView avcc, ByteView access_unit,
                                    std::uint32_t wanted_width) = 0;
};

}  // namespace sitecast::derive
