// SPDX-License-Identifier: Apache-2.0
// The folder that `export` writes and `verify` reads:
//
//   DIR/movie.mp4 (movie-1.mp4 …)   all media tracks in one playable file, remuxed
//   DIR/<track>.<ext>               the original of each photo or document
//   DIR/events.json                 what was stated about the capture, in order
//   DIR/proof/<track>.sidecar, .media   the archive's own files: every part as it was sent
//   DIR/proof.json                  what the parts prove, and the device's public key
//   DIR/README.txt                  what all this is and how to check it, for people
//   DIR/SHA256SUMS                  hash of every file above (file_sums.h)
//
// Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/codec/running_hash.h"

namespace sitecast::hub {

inline constexpr int kExportFormat = 1;

struct ExportedMovie {
  std::string file;               // in DIR
  std::int64_t starts_at_us = 0;  // media time at the file's time 0, for the moments in events.json
};

// The original of a file track.
struct ExportedOriginal {
  std::string track;
  std::string file;  // in DIR
  std::string name;  // as the device called it; for people, never a path
  std::string media_type;
};

struct ExportedTrack {
  std::string name;
  std::uint64_t part_count = 0;
  std::uint64_t contiguous = 0;
  Hash running{};
  std::optional<v1::SignedHead> closing;  // from capture.closed
};

struct ExportManifest {
  ProjectId project;
  CaptureId capture;
  DeviceId device;
  std::optional<SigningPublicKey> device_key;
  std::int64_t captured_at_us = 0;  // wall clock at media time 0
  std::vector<ExportedTrack> tracks;
  std::vector<ExportedMovie> movies;  // in order
  std::vector<ExportedOriginal> originals;
};

std::string format_manifest(const ExportManifest& manifest);
// kInvalidArgument with what is wrong. Names are checked: plain relative paths inside DIR.
Result<ExportManifest> parse_manifest(const std::string& text);

}  // namespace sitecast::hub
