// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/recovery.h"

#include <algorithm>
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

  // Whole records of `file` below sequence `limit`; sets its count and size. Without `check` the
  // frames are not read: for files that are known to be synced.
  Status read(const File& opened, SpoolFile& file, std::uint64_t limit, bool check) {
    const std::uint64_t size_on_disk = file.size_bytes;
    std::uint64_t offset = 0;
    while (file.end() < limit) {
      SC_TRY_ASSIGN(const std::uint64_t size,
                    read_record(opened, offset, size_on_disk, file.end(), check));
      if (size == 0) break;
      offset += size;
      frame_bytes += size - kRecordPrefixBytes;
      file.count += 1;
    }
    file.size_bytes = offset;
    return Ok{};
  }

  std::uint64_t frame_bytes = 0;
  std::int64_t duration_us = 0;
  std::optional<Hash> running;  // R after the last whole record

 private:
  // The record's size; 0 when there is no whole one.
  Result<std::uint64_t> read_record(const File& opened, std::uint64_t offset,
                                    std::uint64_t file_size, std::uint64_t sequence, bool check) {
    constexpr std::uint64_t kNone = 0;
    std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
    if (offset + prefix.size() > file_size) return kNone;
    SC_TRY(opened.read_at(offset, prefix));
    const auto size = record_size_bytes(prefix);
    if (!size || offset + *size > file_size || record_sequence(prefix) != sequence) return kNone;
    if (!check) {
      running = record_running_hash(prefix);
      return *size;
    }
    frame_.resize(*size - prefix.size());
    SC_TRY(opened.read_at(offset + prefix.size(), frame_));
    const auto head = check_record(prefix, frame_);
    if (!head) return kNone;
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
    return *size;
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

Result<std::unique_ptr<TrackLog>> recover_open_track(const std::filesystem::path& folder,
                                                     CaptureId capture, const TrackRow& row,
                                                     Disk& disk) {
  std::vector<SpoolFile> found = list_files(folder, row.name);
  std::deque<SpoolFile> files;
  Walk walk(capture, row.name);
  std::uint64_t end = found.empty() ? row.delivered : found.front().first;
  for (std::size_t i = 0; i < found.size(); ++i) {
    SpoolFile& file = found[i];
    // After a hole nothing counts: those parts were never promised (they were not synced).
    if (file.first != end) break;
    const std::uint64_t limit = i + 1 < found.size() ? found[i + 1].first : UINT64_MAX;
    SC_TRY_ASSIGN(auto opened, File::open_for_appending(
                                   folder / spool_file_name(row.name, file.first, file.attempt)));
    const std::uint64_t size_on_disk = file.size_bytes;
    SC_TRY(walk.read(opened, file, limit, i + kUnsyncedFiles >= found.size()));
    if (file.size_bytes != size_on_disk) SC_TRY(opened.truncate(file.size_bytes));
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
  return std::make_unique<TrackLog>(folder, capture, row.name, disk, std::move(files), figures,
                                    running);
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
  TrackFigures figures;
  figures.made = figures.synced = row.part_count;
  figures.delivered = row.delivered;
  figures.made_bytes = row.made_bytes;
  figures.duration_us = row.duration_us;
  Hash running{};
  if (row.running_hash.size() == running.size()) {
    std::copy_n(as_bytes(row.running_hash).begin(), running.size(), running.begin());
  }
  return std::make_unique<TrackLog>(folder, capture, row.name, disk, std::move(files), figures,
                                    running);
}

}  // namespace sitecast::agent
