// SPDX-License-Identifier: Apache-2.0
// One track read from its two files alone: what parts there are, whether their bytes are what the
// device sent, and how far the device's signatures reach. Shared by `check`, `export` and `verify`,
// so that all three mean the same by "whole". Thread-safe: pure functions over files.
// Memory: about 80 bytes per part. Blocking; with `read_data` all media is read and hashed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"
#include "proto/codec/running_hash.h"

namespace sitecast::hub {

struct TrackFiles {
  CaptureId capture;
  std::string track;
  std::filesystem::path sidecar;
  std::filesystem::path media;
};

struct PartRecord {
  std::uint64_t sequence = 0;
  std::uint64_t media_offset = 0;
  std::uint64_t record_offset = 0;  // in the sidecar
  std::uint32_t media_size_bytes = 0;
  bool last = false;
  Hash hash{};
};

struct TrackAudit {
  DeviceId device;
  std::vector<PartRecord> parts;  // in sequence order, each sequence once
  std::vector<v1::SignedHead> heads;
  // Each a sentence that names the part: damage, duplicates, overlaps.
  std::vector<std::string> problems;
  // What a crash leaves and the hub's next start cuts off: no fault.
  std::uint64_t torn_sidecar_bytes = 0;
  std::uint64_t unreferenced_media_bytes = 0;
  // Parts [0, contiguous) are here without a gap; `running` is over them.
  std::uint64_t contiguous = 0;
  Hash running{};
  // Parts [0, proven) are covered by a genuine signature. 0 without a key.
  std::uint64_t proven = 0;
};

// `key`: the device's, nullopt when it is not known (then no signature is judged). `closing`: the
// head that capture.closed carries for this track, if it is known; it covers the last parts.
Result<TrackAudit> audit_track(const TrackFiles& files, bool read_data,
                               const std::optional<SigningPublicKey>& key,
                               const std::optional<v1::SignedHead>& closing = std::nullopt);

}  // namespace sitecast::hub
