// SPDX-License-Identifier: Apache-2.0
// Bytes of GStreamer buffers. Thread-safety: as the buffer.
#pragma once

#include <gst/gst.h>

#include <utility>

#include "proto/base/bytes.h"

namespace sitecast::gst {

// Copy of a buffer's bytes; empty when it cannot be mapped.
Bytes bytes_of(GstBuffer* buffer);

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
