// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/source_spec.h"

#include <string_view>

namespace sitecast::agent {
namespace {

constexpr std::string_view kForms =
    "v4l2:/dev/video0, rtsp://…, file:PATH, test:, or gst:FRAGMENT (a GStreamer source that ends "
    "in "
    "raw video)";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<SourceSpec> parse_source(const std::string& text) {
  std::string_view rest = text;
  SourceSpec spec;
  if (take_prefix(rest, "v4l2:")) {
    spec.kind = SourceKind::kCamera;
  } else if (rest.substr(0, 7) == "rtsp://" || rest.substr(0, 8) == "rtsps://") {
    spec.kind = SourceKind::kRtsp;
  } else if (take_prefix(rest, "file:")) {
    spec.kind = SourceKind::kFile;
    take_prefix(rest, "//");  // file:///path
  } else if (rest == "test:") {
    return spec;
  } else if (take_prefix(rest, "gst:")) {
    spec.kind = SourceKind::kGst;
  } else {
    return invalid_argument("unknown source; say " + std::string(kForms));
  }
  if (rest.empty()) {
    return invalid_argument("the source names nothing after its colon; say " + std::string(kForms));
  }
  spec.value = rest;
  return spec;
}

Result<AudioSpec> parse_audio(const std::string& text) {
  std::string_view rest = text;
  if (rest.empty()) return AudioSpec{};
  if (rest == "none") return AudioSpec{true, ""};
  if (take_prefix(rest, "gst:") && !rest.empty()) return AudioSpec{false, std::string(rest)};
  return invalid_argument(
      "unknown audio source; say none, or gst:FRAGMENT (a GStreamer source that ends in raw "
      "audio)");
}

std::string source_word(SourceKind kind) {
  switch (kind) {
    case SourceKind::kCamera: return "v4l2";
    case SourceKind::kRtsp: return "rtsp";
    case SourceKind::kFile: return "file";
    case SourceKind::kTest: return "test";
    case SourceKind::kGst: return "gst";
  }
  return "unknown";
}

}  // namespace sitecast::agent
