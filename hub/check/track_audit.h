// SPDX-License-Identifier: Apache-2.0
// One track read from its two files alone: what parts there are, whether their bytes are what the
// device sent, and how far the device's signatures reach. Shared by `check`, `export` and `verify`,
// so that all three mean the same by "whole". Thread-safe: pure functions over files.
// Memory: about 90 bytes per part. Blocking; with `read_data` all media is read and hashed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hub/check/findings.h"
#include "hub/check/track_chain.h"
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
  bool damaged = false;          // with read_data: its bytes are not what its hash says
  std::uint64_t init_hash8 = 0;  // as big-endian integer; 0 for blocks of a file
  Hash hash{};
};

struct TrackProblem {
  static constexpr std::uint64_t kNowhere = UINT64_MAX;
  Finding finding{};
  std::string text;                        // a sentence that names the part
  std::uint64_t record_offset = kNowhere;  // kNowhere: not about one record
};

struct TrackAudit {
  DeviceId device;
  std::vector<PartRecord> parts;  // in sequence order, each sequence once
  std::vector<v1::SignedHead> heads;
  std::vector<TrackProblem> problems;  // damage, duplicates, overlaps, what was not signed
  // Behind the last record that can be read, and behind the last part's media. A crash leaves that
  // and the hub's next start cuts it off; else it is a fault (see is_torn_end).
  std::uint64_t torn_sidecar_bytes = 0;
  std::uint64_t whole_records_behind = 0;  // among them
  bool damaged_before_whole = false;       // what is before those was written and is damaged
  std::uint64_t unreferenced_media_bytes = 0;
  // Up to the last record whose part is as it was sent, as far as was looked at.
  std::uint64_t intact_sidecar_bytes = 0;
  std::uint64_t intact_media_bytes = 0;
  std::uint64_t sidecar_bytes = 0;  // up to the last whole record
  std::uint64_t media_bytes = 0;    // up to the last part
  // Parts [0, contiguous) are here without a gap; `running` is over them.
  std::uint64_t contiguous = 0;
  Hash running{};
  std::vector<PartSpan> missing;  // before the last part that is here or signed
  std::vector<PartSpan> proven;   // covered by a genuine signature; none without a key
  // The last part says that nothing follows it. Many tracks end without that: when a
  // recording is stopped, its last part is on the way already, and capture.closed says the rest.
  [[nodiscard]] bool ended() const { return !parts.empty() && parts.back().last; }
};

// Whether all that is wrong with the track is what a crash may leave in its last group, as the hub
// judges it when it starts (hub/archive/track_file.h). `once_read`: so many bytes of the sidecar
// the index has read without damage.
bool is_torn_end(const TrackAudit& audit, std::uint64_t once_read);

// The first 8 bytes of an init segment's hash as one number.
std::uint64_t init_key(std::string_view init_hash8);

// `key`: the device's, nullopt when it is not known (then no signature is judged). `closing`: the
// head that capture.closed carries for this track, if it is known; it covers the last parts.
Result<TrackAudit> audit_track(const TrackFiles& files, bool read_data,
                               const std::optional<SigningPublicKey>& key,
                               const std::optional<v1::SignedHead>& closing = std::nullopt);

}  // namespace sitecast::hub
