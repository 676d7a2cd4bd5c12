// SPDX-License-Identifier: Apache-2.0
// What `record --source` and `--audio` name, parsed. Thread-safe: pure functions.
#pragma once

#include <string>

#include "proto/base/result.h"

namespace sitecast::agent {

enum class SourceKind { kCamera, kRtsp, kFile, kTest, kGst };

struct SourceSpec {
  SourceKind kind = SourceKind::kTest;
  std::string value;  // device path, URL, file path or GStreamer fragment
};

// kInvalidArgument with the forms that are known.
Result<SourceSpec> parse_source(const std::string& text);

// "" and "none" give an empty fragment; `gst:FRAGMENT` its fragment.
struct AudioSpec {
  bool off = false;      // "none": record without sound even if the source has some
  std::string fragment;  // empty: what the source brings; otherwise instead of that
};
Result<AudioSpec> parse_audio(const std::string& text);

// Word for capture.opened's `source`: never a path or an address.
std::string source_word(SourceKind kind);

}  // namespace sitecast::agent
