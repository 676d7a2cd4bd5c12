// SPDX-License-Identifier: Apache-2.0
#include "tests/support/media/raw_feed.h"

#include <gst/app/gstappsrc.h>

namespace sitecast::testmedia {

Result<RawFeed> RawFeed::of(const gst::Pipeline& pipeline, const char* name) {
  auto element = pipeline.element(name);
  if (!element) return internal_error(std::string("no element ") + name);
  return RawFeed(std::move(element));
}

Status RawFeed::push(std::size_t size_bytes, std::int64_t pts_ns, std::int64_t duration_ns,
                     const std::function<void(std::uint8_t*)>& fill) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size_bytes, nullptr);
  GstMapInfo map;
  if (buffer == nullptr || gst_buffer_map(buffer, &map, GST_MAP_WRITE) == FALSE) {
    return internal_error("no memory for a frame");
  }
  fill(map.data);
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(pts_ns);
  GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(duration_ns);
  const GstFlowReturn flow = gst_app_src_push_buffer(GST_APP_SRC_CAST(source_.get()), buffer);
  if (flow != GST_FLOW_OK) {
    return internal_error(std::string("the pipeline stopped: ") + gst_flow_get_name(flow));
  }
  return Ok{};
}

void RawFeed::end() { gst_app_src_end_of_stream(GST_APP_SRC_CAST(source_.get())); }

}  // namespace sitecast::testmedia
