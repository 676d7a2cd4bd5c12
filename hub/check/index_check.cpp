// SPDX-License-Identifier: Apache-2.0
#include "hub/check/index_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hub/index/current.h"
#include "hub/index/dump.h"
#include "hub/index/writer.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/log.h"
#include "proto/base/sha256.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

// A folder for the copies, removed at the end.
class Workspace {
 public:
  explicit Workspace(const Layout& layout) : path_(layout.state_dir() / "check") {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    fs::create_directories(path_, ignored);
  }
  ~Workspace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  [[nodiscard]] fs::path file(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

Status copy_index(const fs::path& from, const fs::path& to) {
  for (const char* suffix : {"", "-wal"}) {
    std::error_code failed;
    if (!fs::exists(from.string() + suffix, failed)) continue;
    fs::copy_file(from.string() + suffix, to.string() + suffix, failed);
    if (failed) return errno_error(failed.value(), "copy " + from.string() + suffix);
  }
  return Ok{};
}

Result<std::uint64_t> size_of(const fs::path& path) {
  SC_TRY_ASSIGN(const File file, File::open_for_reading(path));
  return file.size_bytes();
}

// What a hub does at its start: read on from where the index ends.
Status bring_up_to_date(const Layout& layout, const ArchiveFiles& files, const fs::path& index) {
  SC_TRY_ASSIGN(auto writer, IndexWriter::open(index, layout, Log("check")));
  IndexWork work;
  for (const TrackKey& key : files.tracks) {
    SC_TRY_ASSIGN(const auto size, size_of(layout.sidecar(key.project, key.capture, key.track)));
    work.tracks.push_back({key, size});
  }
  for (const ProjectId project : files.logs) {
    SC_TRY_ASSIGN(const auto size, size_of(layout.event_log(project)));
    work.logs.push_back({project, size});
  }
  const auto changes = writer->apply(work, SystemClock().monotonic_us(), true);
  if (!changes.ok()) return changes.error();
  return Ok{};
}

Result<std::vector<IndexDifference>> compare(const fs::path& index, const fs::path& rebuilt) {
  constexpr std::size_t kMostShown = 20;
  constexpr std::size_t kMostOfARow = 200;
  std::vector<IndexDifference> different;
  const auto differs = [&](bool only_in_index, std::string_view row) {
    if (different.size() >= kMostShown) return;
    different.push_back({only_in_index, std::string(row.substr(0, kMostOfARow))});
  };
  std::vector<Hash> lines;
  SC_TRY(
      dump_index(rebuilt, [&](std::string_view line) { lines.push_back(sha256(as_bytes(line))); }));
  std::ranges::sort(lines);
  std::vector<bool> seen(lines.size(), false);
  SC_TRY(dump_index(index, [&](std::string_view line) {
    const auto found = std::ranges::lower_bound(lines, sha256(as_bytes(line)));
    if (found != lines.end() && *found == sha256(as_bytes(line))) {
      seen[static_cast<std::size_t>(found - lines.begin())] = true;
    } else {
      differs(true, line);
    }
  }));
  SC_TRY(dump_index(rebuilt, [&](std::string_view line) {
    const auto found = std::ranges::lower_bound(lines, sha256(as_bytes(line)));
    if (!seen[static_cast<std::size_t>(found - lines.begin())]) differs(false, line);
  }));
  return different;
}

}  // namespace

Result<IndexComparison> compare_index_with_files(const Layout& layout, const ArchiveFiles& files) {
  const Workspace workspace(layout);
  const fs::path copy = workspace.file("index.db");
  const fs::path rebuilt = workspace.file("rebuilt.db");
  SC_TRY_ASSIGN(const fs::path index, current_index(layout));
  SC_TRY(copy_index(index, copy));
  SC_TRY(bring_up_to_date(layout, files, copy));
  const auto counts = build_index(layout, rebuilt, Log("check"));
  if (!counts.ok()) return counts.error();
  SC_TRY_ASSIGN(auto different, compare(copy, rebuilt));
  return IndexComparison{std::move(different), counts->passed_over};
}

}  // namespace sitecast::hub
