// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/recovery.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "agent/spool/media_clock.h"
#include "agent/spool/record.h"
#include "proto/codec/part_frame.h"

namespace sitecast::agent {
namespace {

// The files that count, by first sequence. A file of a lower attempt than one that begins before it
// was replaced when a sync failed; of two that begin at the same part the higher attempt counts.
std::vector<SpoolFile> list_files(const std::filesystem::path& folder, std::string_view track) {
  std::vector<SpoolFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto name = parse_spool_file_name(entry.path().filename().string());
    if (!name || name->track != track) continue;
    SpoolFile file;
    file.first = name->first;
    file.attempt = name->attempt;
    std::error_code size_error;
    file.size_bytes = entry.file_size(size_error);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const SpoolFile& a, const SpoolFile& b) {
    return a.first != b.first ? a.first < b.first : a.attempt > b.attempt;
  });
  std::vector<SpoolFile> counting;
  for (SpoolFile& file : files) {
    if (!counting.empty() &&
        (file.attempt < counting.back().attempt || file.first == counting.back().first)) {
      continue;
    }
    counting.push_back(std::move(file));
  }
  return counting;
}

// Only the last two files can hold records that were never synced: a file is begun when everything
// before its predecessor is synced (TrackLog::append).
constexpr std::size_t kUnsyncedFiles = 2;

// Reads a track's records in order and keeps what it learns of the last one.
class Walk {
 public:
  Walk(CaptureId capture, const std::string& track) : start_(RunningHash(capture, track).value()) {}

  // Records of `file` that count, below sequence `limit`; sets its count and size. Without `check`
  // the frames are not read: for files that are known to be synced. A damaged record counts when a
  // whole one behind it continues its running hash: that costs one part, not all that follow.
  Status read(const File& opened, SpoolFile& file, std::uint64_t limit, bool check) {
    const std::uint64_t size_on_disk = file.size_bytes;
    std::uint64_t offset = 0, unconfirmed = 0;
    std::optional<Hash> confirmed = running;
    file.size_bytes = 0;
    while (file.end() + unconfirmed < limit) {
      SC_TRY_ASSIGN(const Read record,
                    read_record(opened, offset, size_on_disk, file.end() + unconfirmed, check));
      if (record.size_bytes == 0) break;
      offset += record.size_bytes;
      unconfirmed += 1;
      if (!record.whole) continue;
      damaged_parts += unconfirmed - 1;
      frame_bytes += offset - file.size_bytes - unconfirmed * kRecordPrefixBytes;
      file.count += unconfirmed;
      file.size_bytes = offset;
      unconfirmed = 0;
      confirmed = running;
    }
    running = confirmed;
    return Ok{};
  }

  std::uint64_t frame_bytes = 0;
  std::uint64_t damaged_parts = 0;
  std::int64_t duration_us = 0;
  std::optional<Hash> running;  // R after the last whole record

 private:
  struct Read {
    std::uint64_t size_bytes = 0;  // 0: no record can be told here
    bool whole = false;
  };
  Result<Read> read_record(const File& opened, std::uint64_t offset, std::uint64_t file_size,
                           std::uint64_t sequence, bool check) {
    const Read kNone;
    std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
    if (offset + prefix.size() > file_size) return kNone;
    SC_TRY(opened.read_at(offset, prefix));
    const auto size = record_size_bytes(prefix);
    if (!size || offset + *size > file_size || record_sequence(prefix) != sequence) return kNone;
    if (!check) {
      running = record_running_hash(prefix);
      return Read{*size, true};
    }
    frame_.resize(*size - prefix.size());
    SC_TRY(opened.read_at(offset + prefix.size(), frame_));
    const auto head = check_record(prefix, frame_);
    if (!head) {
      running = record_running_hash(prefix);
      return Read{*size, false};
    }
    // The chain: this part after those, in this track of this capture. Unknown only where the
    // parts before were freed.
    if (sequence == 0) running = start_;
    if (running) {
      RunningHash chain(sequence, *running);
      chain.add(head->part_hash);
      if (chain.value() != head->running_hash) return kNone;
    }
    running = head->running_hash;
    note_duration();
    return Read{*size, true};
  }

  void note_duration() {
    const auto parts = split_part_frame(frame_);
    if (!parts.ok()) return;
    const auto envelope = parse_envelope(parts->envelope_bytes);
    if (!envelope.ok()) return;
    if (!envelope->init_segment().empty()) {
      timescale_ = media_timescale(as_bytes(envelope->init_segment()));
    }
    if (timescale_ != 0) {
      duration_us = media_duration_us(envelope->media_time() + envelope->duration(), timescale_);
    }
  }

  const Hash start_;
  Bytes frame_;
  std::uint32_t timescale_ = 0;
};

// Sequences further on than any file holds are no sign of a record.
constexpr std::uint64_t kSequencesPerFile = 1U << 24;

// Whether a whole record of a part from `sequence` on begins at or behind `offset`.
Result<bool> whole_record_follows(const File& opened, std::uint64_t offset, std::uint64_t file_size,
                                  std::uint64_t sequence) {
  if (file_size <= offset) return false;
  Bytes rest(file_size - offset);
  SC_TRY(opened.read_at(offset, rest));
  const ByteView view(rest);
  for (std::size_t at = 0; at + kRecordPrefixBytes <= rest.size(); ++at) {
    const ByteView start = view.subspan(at);
    const std::uint64_t found = record_sequence(start);
    if (found < sequence || found - sequence > kSequencesPerFile) continue;
    const auto size = record_size_bytes(start);
    if (!size || *size > start.size() || *size < kRecordPrefixBytes) continue;
    const auto frame = start.subspan(kRecordPrefixBytes, *size - kRecordPrefixBytes);
    if (check_record(start.first(kRecordPrefixBytes), frame)) return true;
  }
  return false;
}

// Gives the file a second name in `kept`, which stays when the first one is freed; a copy where the
// disk has no hard links.
Status keep_file(const std::filesystem::path& path, const std::filesystem::path& kept, Disk& disk) {
  SC_TRY(make_folders_durably(kept));
  const auto name = kept / path.filename();
  if (::link(path.c_str(), name.c_str()) != 0 && errno != EEXIST) {
    std::error_code error;
    std::filesystem::copy_file(path, name, std::filesystem::copy_options::overwrite_existing,
                               error);
    if (error) return errno_error(error.value(), "copy to " + name.string());
    SC_TRY_ASSIGN(const auto copy, File::open_for_reading(name));
    SC_TRY(disk.sync(copy));
  }
  return disk.sync_folder(kept);
}

}  // namespace

std::set<std::string> tracks_in_folder(const std::filesystem::path& folder) {
  std::set<std::string> tracks;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (auto name = parse_spool_file_name(entry.path().filename().string())) {
      tracks.insert(std::move(name->track));
    }
  }
  return tracks;
}

Result<RecoveredTrack> recover_open_track(const std::filesystem::path& folder, CaptureId capture,
                                          const TrackRow& row,
                                          const std::filesystem::path& set_aside, Disk& disk) {
  RecoveredTrack recovered;
  std::vector<SpoolFile> found = list_files(folder, row.name);
  std::deque<SpoolFile> files;
  Walk walk(capture, row.name);
  std::uint64_t end = found.empty() ? row.delivered : found.front().first;
  for (std::size_t i = 0; i < found.size(); ++i) {
    SpoolFile& file = found[i];
    const auto path = folder / spool_file_name(row.name, file.first, file.attempt);
    SC_TRY_ASSIGN(auto opened, File::open_for_appending(path));
    const std::uint64_t size_on_disk = file.size_bytes;
    if (file.first != end) {
      // After a hole nothing counts, but what was filmed is not thrown away.
      SC_TRY_ASSIGN(const bool whole, whole_record_follows(opened, 0, size_on_disk, file.first));
      if (!whole) continue;
      SC_TRY(keep_file(path, set_aside, disk));
      recovered.files_set_aside += 1;
      continue;
    }
    const std::uint64_t limit = i + 1 < found.size() ? found[i + 1].first : UINT64_MAX;
    SC_TRY(walk.read(opened, file, limit, i + kUnsyncedFiles >= found.size()));
    bool kept = false;
    if (file.end() < limit) {
      SC_TRY_ASSIGN(kept, whole_record_follows(opened, file.size_bytes, size_on_disk, file.end()));
    }
    if (kept) {
      // Two names of one file: it is not cut, and what follows in it does not count here.
      SC_TRY(keep_file(path, set_aside, disk));
      recovered.files_set_aside += 1;
    } else if (file.size_bytes != size_on_disk) {
      SC_TRY(opened.truncate(file.size_bytes));
    }
    SC_TRY(disk.sync(opened));
    end = file.end();
    if (file.count > 0) files.push_back(std::move(file));
  }
  if (!found.empty()) SC_TRY(disk.sync_folder(folder));

  TrackFigures figures;
  figures.made = figures.synced = end;
  figures.delivered = std::min(row.delivered, end);
  // `row.made_bytes` is what had been made when the files before these were freed.
  figures.made_bytes = std::max(walk.frame_bytes, row.made_bytes);
  figures.duration_us = walk.duration_us;
  Hash running = walk.running.value_or(RunningHash(capture, row.name).value());
  if (!walk.running && row.running_hash.size() == running.size()) {
    std::copy_n(as_bytes(row.running_hash).begin(), running.size(), running.begin());
  }
  recovered.damaged_parts = walk.damaged_parts;
  recovered.log = std::make_unique<TrackLog>(folder, capture, row.name, disk, std::move(files),
                                             figures, running);
  return recovered;
}

Result<std::unique_ptr<TrackLog>> load_closed_track(const std::filesystem::path& folder,
                                                    CaptureId capture, const TrackRow& row,
                                                    Disk& disk) {
  std::vector<SpoolFile> found = list_files(folder, row.name);
  std::deque<SpoolFile> files;
  for (std::size_t i = 0; i < found.size() && found[i].first < row.part_count; ++i) {
    const std::uint64_t next = i + 1 < found.size() ? found[i + 1].first : row.part_count;
    found[i].count = std::min(next, row.part_count) - found[i].first;
    files.push_back(std::move(found[i]));
  }
  // What was thinned, where a crash took the unlink back.
  for (std::size_t i = files.size(); i < found.size() && row.thinned > 0; ++i) {
    const auto path = folder / spool_file_name(row.name, found[i].first, found[i].attempt);
    static_cast<void>(::unlink(path.c_str()));
  }
  TrackFigures figures;
  figures.made = figures.synced = row.part_count;
  figures.delivered = row.delivered;
  figures.made_bytes = row.made_bytes;
  figures.duration_us = row.duration_us;
  figures.thinned = row.thinned;
  Hash running{};
  if (row.running_hash.size() == running.size()) {
    std::copy_n(as_bytes(row.running_hash).begin(), running.size(), running.begin());
  }
  return std::make_unique<TrackLog>(folder, capture, row.name, disk, std::move(files), figures,
                                    running);
}

}  // namespace sitecast::agent
