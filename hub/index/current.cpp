// SPDX-License-Identifier: Apache-2.0
#include "hub/index/current.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "hub/archive/journal_rest.h"
#include "hub/archive/sidecar.h"
#include "hub/index/writer.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "index-";
constexpr std::string_view kSuffix = ".db";
constexpr std::size_t kTracksPerTransaction = 1000;

fs::path current_file(const Layout& layout) { return layout.index_dir() / "CURRENT"; }

// N of "index-N.db"; nullopt for any other name.
std::optional<std::uint64_t> index_number(std::string_view name) {
  if (name.size() <= kPrefix.size() + kSuffix.size() || name.substr(0, kPrefix.size()) != kPrefix ||
      name.substr(name.size() - kSuffix.size()) != kSuffix) {
    return std::nullopt;
  }
  const std::string_view digits =
      name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// Names in a folder, in order; empty if it is not there.
std::vector<fs::path> entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Adds the tracks of a capture's folder.
void find_tracks(const fs::path& folder, ProjectId project, std::vector<TrackTail>& tracks) {
  const auto capture = CaptureId::parse(folder.filename().string());
  if (!capture) return;
  for (const fs::path& file : entries(folder)) {
    if (file.extension() != ".sidecar" || !track_kind(file.stem().string())) continue;
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (!error) tracks.push_back({{project, *capture, file.stem().string()}, size});
  }
}

// What lies behind `read_to` was not read into the index: say so unless it is a torn end.
void note_damage(const fs::path& path, std::uint64_t read_to, std::uint64_t size, bool is_log,
                 BuildCounts& counts) {
  if (read_to >= size) return;
  const auto file = File::open_for_reading(path);
  if (!file.ok()) return counts.damaged.push_back(file.error().message());
  const auto rest =
      is_log ? event_log_rest(*file, read_to, size) : sidecar_rest(*file, read_to, size);
  if (!rest.ok()) return counts.damaged.push_back(rest.error().message());
  if (may_be_torn(*rest, is_log ? kLongestTornLogTail : size)) return;
  counts.damaged.push_back(damaged_journal(path, read_to).message());
}

// How far a building is, every few seconds: nobody should wonder whether it still goes on.
class BuildProgress {
 public:
  explicit BuildProgress(const Log& log) : log_(log) {}
  void say(const BuildCounts& counts) {
    const std::int64_t now_us = clock_.monotonic_us();
    if (now_us - said_us_ < kEveryUs) return;
    said_us_ = now_us;
    log_.info("building the index: {} event logs, {} tracks so far, {} s", counts.logs,
              counts.tracks, (now_us - began_us_) / kSecondUs);
  }

 private:
  static constexpr std::int64_t kSecondUs = 1'000'000;
  static constexpr std::int64_t kEveryUs = 5 * kSecondUs;
  const Log& log_;
  const SystemClock clock_;
  const std::int64_t began_us_ = clock_.monotonic_us();
  std::int64_t said_us_ = began_us_;
};

Status apply_tracks(IndexWriter& writer, const Layout& layout, IndexWork& work,
                    BuildCounts& counts) {
  counts.tracks += work.tracks.size();
  SC_TRY(writer.apply(work, 0, true));
  for (const TrackTail& tail : work.tracks) {
    SC_TRY_ASSIGN(const std::uint64_t position, writer.track_position(tail.key));
    note_damage(layout.sidecar(tail.key.project, tail.key.capture, tail.key.track),
                std::max<std::uint64_t>(position, kSidecarHeaderBytes), tail.durable_sidecar_bytes,
                false, counts);
  }
  work.tracks.clear();
  return Ok{};
}

// How far each journal has been read, by its path.
Result<std::map<fs::path, std::uint64_t>> read_positions(const Layout& layout,
                                                         const fs::path& index) {
  SC_TRY_ASSIGN(auto database, Database::open_reader(index));
  std::map<fs::path, std::uint64_t> positions;
  SC_TRY_ASSIGN(auto logs, database.prepare("select project_id, indexed_bytes from log_position"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, logs.step());
    if (!more) break;
    positions[layout.event_log(*ProjectId::from_bytes(logs.blob(0)))] = logs.unsigned_integer(1);
  }
  // The index may be of an older version.
  SC_TRY_ASSIGN(auto tracks,
                database.prepare("select capture.project_id, capture_id, name, indexed_bytes"
                                 " from track join capture using (capture_id)"));
  for (;;) {
    SC_TRY_ASSIGN(const bool more, tracks.step());
    if (!more) break;
    positions[layout.sidecar(*ProjectId::from_bytes(tracks.blob(0)),
                             *CaptureId::from_bytes(tracks.blob(1)), tracks.text(2))] =
        tracks.unsigned_integer(3);
  }
  return positions;
}

}  // namespace

Result<fs::path> current_index(const Layout& layout) {
  const auto line = read_file(current_file(layout), 256);
  if (!line.ok()) {
    if (line.error().kind() == ErrorKind::kNotFound) return unavailable("there is no index yet");
    return line.error();
  }
  std::string name = to_string(*line);
  while (!name.empty() && name.back() == '\n') name.pop_back();
  if (!index_number(name)) return data_loss("index/CURRENT names no index; run rebuild-index");
  return layout.index_dir() / name;
}

Result<fs::path> CurrentIndex::get() {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  struct stat about {};
  std::optional<Identity> identity;
  if (::stat(current_file(layout_).c_str(), &about) == 0) {
    identity = {about.st_dev, about.st_ino,
                about.st_ctim.tv_sec * kNsPerSecond + about.st_ctim.tv_nsec};
  }
  if (identity && identity == seen_) return path_;
  seen_.reset();
  SC_TRY_ASSIGN(path_, current_index(layout_));
  seen_ = identity;  // as it was before the reading: a change in between is seen next time
  return path_;
}

Result<fs::path> new_index_path(const Layout& layout) {
  SC_TRY(make_folders_durably(layout.index_dir()));
  std::uint64_t number = 0;
  for (const fs::path& file : entries(layout.index_dir())) {
    number = std::max(number, index_number(file.filename().string()).value_or(0));
  }
  return layout.index_dir() / fmt::format("{}{}{}", kPrefix, number + 1, kSuffix);
}

Status switch_index(const Layout& layout, const fs::path& index) {
  const std::string name = index.filename().string();
  SC_TRY(sync_folder(layout.index_dir()));  // the new files' names
  SC_TRY(write_file_durably(current_file(layout), as_bytes(name + "\n")));
  for (const fs::path& file : entries(layout.index_dir())) {
    const std::string other = file.filename().string();
    const bool ours = other.substr(0, kPrefix.size()) == kPrefix;
    if (!ours || other.substr(0, name.size()) == name) continue;
    std::error_code ignored;
    fs::remove(file, ignored);
  }
  return Ok{};
}

Result<BuildCounts> build_index(const Layout& layout, const fs::path& index, Log log) {
  SC_TRY_ASSIGN(auto writer, IndexWriter::open(index, layout, log));
  BuildCounts counts;
  BuildProgress progress(log);
  IndexWork work;
  for (const fs::path& file : entries(layout.events_root())) {
    const auto project = ProjectId::parse(file.stem().string());
    if (file.extension() != ".log" || !project) continue;
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error) continue;
    ++counts.logs;
    work.logs.push_back({*project, size});
    SC_TRY(writer->apply(work, 0, true));
    work.logs.clear();
    SC_TRY_ASSIGN(const std::uint64_t position, writer->log_position(*project));
    note_damage(file, position, size, true, counts);
    progress.say(counts);
  }
  for (const fs::path& project_dir : entries(layout.archive_root())) {
    const auto project = ProjectId::parse(project_dir.filename().string());
    if (!project) continue;
    for (const fs::path& shard : entries(project_dir)) {
      for (const fs::path& capture : entries(shard)) {
        find_tracks(capture, *project, work.tracks);
        if (work.tracks.size() < kTracksPerTransaction) continue;
        SC_TRY(apply_tracks(*writer, layout, work, counts));
        progress.say(counts);
      }
    }
  }
  SC_TRY(apply_tracks(*writer, layout, work, counts));
  counts.passed_over = writer->passed_over();
  return counts;
}

Result<std::vector<ReadLess>> read_less_than_current(const Layout& layout, const fs::path& index) {
  std::vector<ReadLess> less;
  const auto current = current_index(layout);
  if (!current.ok()) return less;
  const auto once_read = read_positions(layout, *current);
  if (!once_read.ok()) return less;
  SC_TRY_ASSIGN(const auto now_read, read_positions(layout, index));
  for (const auto& [journal, bytes] : *once_read) {
    const auto found = now_read.find(journal);
    const std::uint64_t now = found == now_read.end() ? 0 : found->second;
    if (now < bytes) less.push_back({journal, bytes, now});
  }
  return less;
}

}  // namespace sitecast::hub
