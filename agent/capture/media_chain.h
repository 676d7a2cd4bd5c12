// SPDX-License-Identifier: Apache-2.0
// The ends of a source pipeline: whatever raw format comes, an appsink gives ours. Elements pass
// through without copying where nothing is to be done.
// Owner thread: that of the pipeline; attach_* may also be called from a pad-added handler.
#pragma once

#include <gst/app/app.h>

#include <cstdint>

#include "agent/gst/pipeline.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct ChainOptions {
  bool upright = false;           // turn pictures by the stream's orientation tag
  bool sync = false;              // appsink waits for the pipeline's clock
  std::uint32_t max_buffers = 0;  // 0: no limit
};

// Links `pad` (raw video) to videoconvert [videoflip] appsink. The result belongs to the pipeline.
Result<GstAppSink*> attach_video(GstBin* bin, GstPad* pad, const ChainOptions& options);
// Links `pad` (raw audio) to audioconvert audioresample appsink.
Result<GstAppSink*> attach_audio(GstBin* bin, GstPad* pad, const ChainOptions& options);
// Links `pad` to nowhere, so that it does not stop its neighbours.
void attach_nothing(GstBin* bin, GstPad* pad);

}  // namespace sitecast::agent
