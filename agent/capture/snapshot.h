// SPDX-License-Identifier: Apache-2.0
// A photo made of a picture that is just being filmed, at the source's full resolution.
// Thread-safe. Blocking for one JPEG.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

#include "agent/spool/capture_writer.h"
#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct SnapshotOptions {
  ProjectId project;
  std::string area;
  std::string note;
  bool demonstration = false;
  std::uint32_t boot_count = 0;
  std::int64_t captured_at_us = 0;
};

// JPEG (full range BT.601 as JFIF has it) of a raw I420 or NV12 sample.
Result<Bytes> encode_jpeg(GstSample* picture);

// Stores it as a capture of kind `photo`.
Result<CaptureId> store_snapshot(GstSample* picture, const SnapshotOptions& options,
                                 CaptureStore& store);

}  // namespace sitecast::agent
