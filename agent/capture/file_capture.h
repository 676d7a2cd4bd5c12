// SPDX-License-Identifier: Apache-2.0
// The life of a capture that holds one file: opened, its events stated, filled, closed; closed as
// "error" when filling fails, so that nothing half is taken for whole.
// Thread-safe: shares nothing. Blocking until the capture is synced.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/spool/capture_writer.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct FileCaptureOptions {
  ProjectId project;
  std::string kind;  // photo | document
  std::string area;
  std::string title;
  std::string note;
  std::string source;
  std::int64_t captured_at_us = 0;
  bool demonstration = false;
  std::uint32_t boot_count = 0;
  v1::PhotoMetadata photo;
  std::vector<v1::QualityWarning> warnings;
};

using FillCapture = std::function<Status(CaptureWriter&)>;

Result<CaptureId> store_capture_of_file(const FileCaptureOptions& options, const std::string& track,
                                        CaptureStore& store, const FillCapture& fill);

}  // namespace sitecast::agent
