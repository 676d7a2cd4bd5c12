// SPDX-License-Identifier: Apache-2.0
#include "hub/check/archive_files.h"

#include <algorithm>

#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// What write_file_durably leaves beside a file when it is killed.
bool is_leftover(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t at = name.rfind(".tmp");
  return at != std::string::npos && at + 4 < name.size() &&
         name.find_first_not_of("0123456789", at + 4) == std::string::npos;
}

void list_capture(const fs::path& folder, ProjectId project, CaptureId capture,
                  ArchiveFiles& files) {
  for (const fs::path& path : entries(folder)) {
    const std::string track = path.stem().string();
    const fs::path extension = path.extension();
    if (path.filename() == "quarantine") {
      for (const fs::path& kept : entries(path)) {
        (is_leftover(kept) ? files.leftovers : files.quarantined).push_back(kept);
      }
    } else if (is_leftover(path)) {
      files.leftovers.push_back(path);
    } else if (!track_kind(track) || (extension != ".sidecar" && extension != ".media")) {
      files.unexpected.push_back(path);
    } else {
      const TrackKey key{project, capture, track};
      const bool sidecar = extension == ".sidecar";
      if (sidecar) files.tracks.push_back(key);
      if (!is_there(fs::path(path).replace_extension(sidecar ? ".media" : ".sidecar"))) {
        files.halves.push_back({path, key});
      }
    }
  }
}

}  // namespace

ArchiveFiles list_archive(const Layout& layout) {
  ArchiveFiles files;
  for (const fs::path& project_dir : entries(layout.archive_root())) {
    if (project_dir == layout.touched_file()) continue;
    if (is_leftover(project_dir)) {
      files.leftovers.push_back(project_dir);
      continue;
    }
    const auto project = ProjectId::parse(project_dir.filename().string());
    if (!project) {
      files.unexpected.push_back(project_dir);
      continue;
    }
    for (const fs::path& shard : entries(project_dir)) {
      for (const fs::path& capture_dir : entries(shard)) {
        const auto capture = CaptureId::parse(capture_dir.filename().string());
        if (!capture || capture_dir != layout.capture_dir(*project, *capture)) {
          files.unexpected.push_back(capture_dir);
          continue;
        }
        list_capture(capture_dir, *project, *capture, files);
      }
    }
  }
  for (const fs::path& log : entries(layout.events_root())) {
    const auto project = ProjectId::parse(log.stem().string());
    if (project && log.extension() == ".log") {
      files.logs.push_back(*project);
    } else {
      files.unexpected.push_back(log);
    }
  }
  return files;
}

TrackFiles track_files(const Layout& layout, const TrackKey& key) {
  return {key.capture, key.track, layout.sidecar(key.project, key.capture, key.track),
          layout.media(key.project, key.capture, key.track)};
}

Result<std::vector<TrackKey>> tracks_of_capture(const Layout& layout, ProjectId project,
                                                CaptureId capture) {
  ArchiveFiles files;
  list_capture(layout.capture_dir(project, capture), project, capture, files);
  if (files.tracks.empty()) return not_found("capture " + capture.text() + " has no files");
  return std::move(files.tracks);
}

}  // namespace sitecast::hub
