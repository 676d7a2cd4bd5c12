// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/ownership.h"

#include "hub/archive/sidecar.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

// Calls `visit(track, path)` for each sidecar of the folder.
template <typename Visit>
void for_each_sidecar(const fs::path& folder, Visit visit) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".sidecar") visit(path.stem().string(), path);
  }
}

}  // namespace

Result<std::optional<CaptureClaim>> Ownership::claim_of(CaptureId capture) {
  if (const auto known = recent_.find(capture); known != recent_.end()) return {known->second};
  SC_TRY_ASSIGN(auto claim, claim_in_files(capture));
  if (!claim || !claim->device) {
    SC_TRY_ASSIGN(const auto indexed, lookup_->capture(capture));
    if (indexed) claim = CaptureClaim{indexed->project, indexed->device};
  }
  if (claim) remember(capture, *claim);
  return claim;
}

Result<std::optional<CaptureClaim>> Ownership::claim_in_files(CaptureId capture) {
  std::optional<CaptureClaim> claim;
  std::error_code error;
  for (fs::directory_iterator entry(layout_.archive_root(), error), end; !error && entry != end;
       entry.increment(error)) {
    const auto project = ProjectId::parse(entry->path().filename().string());
    if (!project) continue;
    for_each_sidecar(layout_.capture_dir(*project, capture),
                     [&](const std::string& track, const fs::path& path) {
                       if (!claim) claim = CaptureClaim{*project, std::nullopt};
                       if (track_kind(track) == TrackKind::kTalk || claim->device) return;
                       const auto file = File::open_for_reading(path);
                       if (!file.ok()) return;
                       const auto device = read_sidecar_header(*file);
                       if (device.ok()) claim->device = *device;
                     });
    if (claim) break;
  }
  return claim;
}

void Ownership::remember(CaptureId capture, CaptureClaim claim) {
  // Ids are made in the order of time, so the smallest is the oldest; it is found again in the
  // files.
  if (recent_.size() >= kRemembered) recent_.erase(recent_.begin());
  recent_[capture] = claim;
}

std::size_t count_tracks(const Layout& layout, ProjectId project, CaptureId capture) {
  std::size_t count = 0;
  for_each_sidecar(layout.capture_dir(project, capture),
                   [&](const std::string&, const fs::path&) { ++count; });
  return count;
}

}  // namespace sitecast::hub
