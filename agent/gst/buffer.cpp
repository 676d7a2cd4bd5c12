// SPDX-License-Identifier: Apache-2.0
#include "agent/gst/buffer.h"

namespace sitecast::gst {

Bytes bytes_of(GstBuffer* buffer) {
  if (buffer == nullptr) return {};
  Bytes bytes(gst_buffer_get_size(buffer));
  bytes.resize(gst_buffer_extract(buffer, 0, bytes.data(), bytes.size()));
  return bytes;
}

}  // namespace sitecast::gst
