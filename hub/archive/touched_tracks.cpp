// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/touched_tracks.h"

#include <fmt/format.h>

#include <sstream>

#include "hub/archive/reopen.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::uint64_t kFileBytes = 64ULL * 1024 * 1024;

std::string line_of(const TrackKey& key) {
  return fmt::format("{} {} {}\n", key.project.text(), key.capture.text(), key.track);
}

std::optional<TrackKey> parse_line(const std::string& line) {
  std::istringstream words(line);
  std::string project;
  std::string capture;
  std::string track;
  if (!(words >> project >> capture >> track)) return std::nullopt;
  const auto project_id = ProjectId::parse(project);
  const auto capture_id = CaptureId::parse(capture);
  if (!project_id || !capture_id || !track_kind(track)) return std::nullopt;
  return TrackKey{*project_id, *capture_id, track};
}

}  // namespace

Result<std::set<TrackKey>> read_touched_tracks(const Layout& layout) {
  std::set<TrackKey> keys;
  const auto text = read_file(layout.touched_file(), kFileBytes);
  if (!text.ok()) {
    if (text.error().kind() == ErrorKind::kNotFound) return keys;
    return text.error();
  }
  std::istringstream lines(to_string(*text));
  for (std::string line; std::getline(lines, line);) {
    if (auto key = parse_line(line)) keys.insert(std::move(*key));
  }
  return keys;
}

Result<TouchedTracks> TouchedTracks::open(const Layout& layout, std::vector<TrackKey>& found) {
  const auto path = layout.touched_file();
  SC_TRY(make_folders_durably(layout.archive_root()));
  SC_TRY_ASSIGN(const auto keys, read_touched_tracks(layout));
  found.assign(keys.begin(), keys.end());
  SC_TRY_ASSIGN(File file, File::open_for_appending(path));
  SC_TRY(sync_folder(layout.archive_root()));
  TouchedTracks touched(path, std::move(file));
  touched.keys_.insert(found.begin(), found.end());
  return touched;
}

Status TouchedTracks::add(const TrackKey& key) {
  if (keys_.count(key) > 0) return Ok{};
  if (file_.failed()) SC_TRY(reopen_for_appending(file_));
  // The new line begins with a line break, in case a torn line is before it.
  SC_TRY(file_.append(as_bytes("\n" + line_of(key))));
  SC_TRY(file_.sync_data());
  keys_.insert(key);
  return Ok{};
}

Status TouchedTracks::keep_only(std::set<TrackKey> keys) {
  std::string text;
  for (const TrackKey& key : keys) text += line_of(key);
  SC_TRY(write_file_durably(path_, as_bytes(text)));
  SC_TRY_ASSIGN(file_, File::open_for_appending(path_));
  keys_ = std::move(keys);
  return Ok{};
}

}  // namespace sitecast::hub
