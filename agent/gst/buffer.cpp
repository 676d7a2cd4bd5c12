// SPDX-License-Identifier: Apache-2.0
#include "agent/gst/buffer.h"

namespace sitecast::gst {
namespace {

GstPtr<GstBuffer> with_times(GstBuffer* buffer, std::int64_t pts_ns, std::int64_t duration_ns) {
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(pts_ns);
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(duration_ns);
  return GstPtr<GstBuffer>::adopt(buffer);
}

}  // namespace

Bytes bytes_of(GstBuffer* buffer) {
  if (buffer == nullptr) return {};
  Bytes bytes(gst_buffer_get_size(buffer));
  bytes.resize(gst_buffer_extract(buffer, 0, bytes.data(), bytes.size()));
  return bytes;
}

bool times_of(GstSample* sample, SampleTimes& times) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (buffer == nullptr || !GST_BUFFER_PTS_IS_VALID(buffer)) return false;
  const GstClockTime running = gst_segment_to_running_time(gst_sample_get_segment(sample),
                                                           GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(running)) return false;
  times.running_ns = static_cast<std::int64_t>(running);
  times.duration_ns = GST_BUFFER_DURATION_IS_VALID(buffer)
                          ? static_cast<std::int64_t>(GST_BUFFER_DURATION(buffer))
                          : 0;
  return true;
}

bool has_flag(GstSample* sample, GstBufferFlags flag) {
  return GST_BUFFER_FLAG_IS_SET(gst_sample_get_buffer(sample), flag);
}

GstPtr<GstBuffer> make_buffer(ByteView bytes, std::int64_t pts_ns, std::int64_t duration_ns) {
  return with_times(gst_buffer_new_memdup(bytes.data(), bytes.size()), pts_ns, duration_ns);
}

GstPtr<GstBuffer> retimed(GstBuffer* buffer, std::int64_t pts_ns, std::int64_t duration_ns) {
  return with_times(gst_buffer_copy(buffer), pts_ns, duration_ns);
}

}  // namespace sitecast::gst
