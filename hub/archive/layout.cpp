// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/layout.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kShardCharacters = 4;

std::filesystem::path below(const std::filesystem::path& root, ProjectId project,
                            CaptureId capture) {
  const std::string name = capture.text();
  return root / project.text() / name.substr(0, kShardCharacters) / name;
}

}  // namespace

std::filesystem::path Layout::capture_dir(ProjectId project, CaptureId capture) const {
  return below(archive_root(), project, capture);
}

std::filesystem::path Layout::media(ProjectId project, CaptureId capture,
                                    std::string_view track) const {
  return capture_dir(project, capture) / (std::string(track) + ".media");
}

std::filesystem::path Layout::sidecar(ProjectId project, CaptureId capture,
                                      std::string_view track) const {
  return capture_dir(project, capture) / (std::string(track) + ".sidecar");
}

std::filesystem::path Layout::quarantine_dir(ProjectId project, CaptureId capture) const {
  return capture_dir(project, capture) / "quarantine";
}

std::filesystem::path Layout::derived_dir(ProjectId project, CaptureId capture) const {
  return below(state_ / "derived", project, capture);
}

std::filesystem::path Layout::event_log(ProjectId project) const {
  return events_root() / (project.text() + ".log");
}

}  // namespace sitecast::hub
