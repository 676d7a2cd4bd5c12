// SPDX-License-Identifier: Apache-2.0
// The folder that `export` writes and `verify` reads:
//
//   DIR/movie.mp4 (movie-1.mp4 …)   all media tracks in one playable file, remuxed
//   DIR/<track>.<ext>               the original of each photo or document
//   DIR/events.json                 what was stated about the capture, in order
//   DIR/proof/<track>.sidecar, .media   the archive's own files: every part as it was sent
//   DIR/proof.json                  the list of all this with hashes, and the device's public key
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

struct ExportedFile {
  std::string name;  // relative to DIR
  std::uint64_t size_bytes = 0;
  Hash sha256{};
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
  std::int64_t created_at_us = 0;  // wall clock of the movies' time 0
  std::vector<ExportedTrack> tracks;
  std::vector<std::string> movies;                             // in order
  std::vector<std::pair<std::string, std::string>> originals;  // track, file
  std::vector<ExportedFile> files;                             // all but proof.json itself
};

std::string format_manifest(const ExportManifest& manifest);
// kInvalidArgument with what is wrong. Names are checked: plain relative paths inside DIR.
Result<ExportManifest> parse_manifest(const std::string& text);

Result<ExportedFile> hash_file(const std::filesystem::path& dir, const std::string& name);

}  // namespace sitecast::hub
