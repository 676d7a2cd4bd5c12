// SPDX-License-Identifier: Apache-2.0
// Pushes raw buffers into an appsrc of a pipeline. Owner thread: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "agent/gst/pipeline.h"

namespace sitecast::testmedia {

class RawFeed {
 public:
  // `name` of an appsrc in `pipeline`, which must outlive the feed.
  static Result<RawFeed> of(const gst::Pipeline& pipeline, const char* name);

  // A buffer of `size_bytes` that `fill` writes. Blocks where the appsrc says block=true.
  Status push(std::size_t size_bytes, std::int64_t pts_ns, std::int64_t duration_ns,
              const std::function<void(std::uint8_t*)>& fill);
  void end();

 private:
  explicit RawFeed(gst::GstPtr<GstElement> source) : source_(std::move(source)) {}
  gst::GstPtr<GstElement> source_;
};

}  // namespace sitecast::testmedia
