// SPDX-License-Identifier: Apache-2.0
// What an export and its verification say to people, in Chinese and English. Thread-safe: pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/check/export_format.h"
#include "hub/check/track_chain.h"

namespace sitecast::hub {

// README.txt of an export.
std::string export_readme(const ExportManifest& manifest);

struct VerifiedTrack {
  std::string name;
  std::vector<PartSpan> present;
  std::vector<PartSpan> missing;
  std::vector<PartSpan> proven;
  bool ended = false;  // its last part says that nothing follows
  // Else: capture.closed in events.json says that it has so many parts, and the last of them is
  // here.
  std::optional<std::uint64_t> stated_parts;
  // Parts that are here and that no signature reaches.
  [[nodiscard]] std::vector<PartSpan> unproven() const;
};

// The verdict over an export without problems: what is proven and, in plain words, what is not.
std::string verified_text(const ExportManifest& manifest, const std::vector<VerifiedTrack>& tracks);
// The same over one with problems, which were printed before.
std::string not_verified_text(std::uint64_t problems);
// The same over one in which nothing is signed.
std::string unsigned_text(const ExportManifest& manifest);

}  // namespace sitecast::hub
