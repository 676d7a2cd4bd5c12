// SPDX-License-Identifier: Apache-2.0
// A piece of work for the worker, and the file that remembers it while it waits:
// STATE/derived/pending/{project}.{capture}.{kind}.{track}, empty. Not synced: derived media can be
// made again, and a power cut at worst loses the wish for a thumbnail. Thread-safe: value types and
// functions without state.
#pragma once

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/archive/layout.h"
#include "proto/base/id.h"

namespace sitecast::hub {

enum class DeriveKind { kPhotoThumbnail, kVideoThumbnail, kSprite };

struct DeriveJob {
  DeriveKind kind{};
  ProjectId project;
  CaptureId capture;
  std::string track;
  auto operator<=>(const DeriveJob&) const = default;
};

std::string_view name_of(DeriveKind kind);  // the worker's name for it
// What the job makes: "thumbnail" or "sprite"; the key in failed.json and the stem of the file.
std::string_view product_of(DeriveKind kind);

std::filesystem::path pending_dir(const Layout& layout);
std::string pending_name(const DeriveJob& job);
std::optional<DeriveJob> parse_pending_name(std::string_view name);

// Oldest names first (capture ids begin with their time).
std::vector<DeriveJob> read_pending(const Layout& layout);
void remember_pending(const Layout& layout, const DeriveJob& job);
void forget_pending(const Layout& layout, const DeriveJob& job);

}  // namespace sitecast::hub
