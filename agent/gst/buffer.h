// SPDX-License-Identifier: Apache-2.0
// Bytes and times of GStreamer's buffers. The only place that looks into a buffer: a buffer is
// handed from thread to thread through GStreamer's queues, whose locks the thread sanitizer cannot
// see (tests/support/tsan.supp). Thread-safety: as the buffer.
#pragma once

#include <gst/gst.h>

#include <cstdint>

#include "agent/gst/ptr.h"
#include "proto/base/bytes.h"

namespace sitecast::gst {

// Copy of a buffer's bytes; empty when it cannot be mapped.
Bytes bytes_of(GstBuffer* buffer);

// Times of a sample's buffer as running time of its segment.
struct SampleTimes {
  std::int64_t running_ns = 0;
  std::int64_t duration_ns = 0;  // 0: unknown
};
// False when it has no time or lies outside its segment.
bool times_of(GstSample* sample, SampleTimes& times);
bool has_flag(GstSample* sample, GstBufferFlags flag);

// A new buffer with a copy of these bytes.
GstPtr<GstBuffer> make_buffer(ByteView bytes, std::int64_t pts_ns, std::int64_t duration_ns);
// A shallow copy with times of its own: the bytes are shared.
GstPtr<GstBuffer> retimed(GstBuffer* buffer, std::int64_t pts_ns, std::int64_t duration_ns);

// A buffer mapped for reading until destruction. Check ok().
class MappedBuffer {
 public:
  explicit MappedBuffer(GstBuffer* buffer)
      : buffer_(buffer), ok_(gst_buffer_map(buffer, &map_, GST_MAP_READ) != FALSE) {}
  ~MappedBuffer() {
    if (ok_) gst_buffer_unmap(buffer_, &map_);
  }
  MappedBuffer(const MappedBuffer&) = delete;
  MappedBuffer& operator=(const MappedBuffer&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] ByteView bytes() const { return ok_ ? ByteView(map_.data, map_.size) : ByteView(); }

 private:
  GstBuffer* buffer_;
  GstMapInfo map_{};
  bool ok_;
};

}  // namespace sitecast::gst
