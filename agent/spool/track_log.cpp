// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/track_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/spool/media_clock.h"

namespace sitecast::agent {

TrackLog::TrackLog(std::filesystem::path folder, CaptureId capture, std::string track, Disk& disk,
                   std::uint64_t file_bytes)
    : folder_(std::move(folder)),
      capture_(capture),
      track_(std::move(track)),
      disk_(disk),
      file_bytes_(file_bytes),
      builder_(capture_, track_),
      synced_hash_(builder_.running().value()) {}

TrackLog::TrackLog(std::filesystem::path folder, CaptureId capture, std::string track, Disk& disk,
                   std::deque<SpoolFile> files, TrackFigures figures, Hash running_hash)
    : folder_(std::move(folder)),
      capture_(capture),
      track_(std::move(track)),
      disk_(disk),
      file_bytes_(0),
      builder_(capture_, track_),
      files_(std::move(files)),
      synced_hash_(running_hash),
      figures_(figures) {
  figures_.sealed = true;
}

std::filesystem::path TrackLog::path_of(const SpoolFile& file) const {
  return folder_ / spool_file_name(track_, file.first, file.attempt);
}

Status TrackLog::start_file(std::uint64_t first) {
  SpoolFile file;
  file.first = first;
  file.attempt = attempt_;
  file.offsets.push_back(0);
  SC_TRY_ASSIGN(auto opened, File::create(path_of(file)));
  current_ = std::make_shared<File>(std::move(opened));
  dirty_.push_back(current_);
  new_files_ = true;
  files_.push_back(std::move(file));
  return Ok{};
}

Status TrackLog::write_record(const RecordHead& head, const Frame& frame) {
  const auto prefix = make_record_prefix(head, as_bytes(*frame));
  const Status written = disk_.append(*current_, prefix, as_bytes(*frame));
  if (!written.ok()) {
    take_back_torn_write();
    return written;
  }
  SpoolFile& file = files_.back();
  file.size_bytes += prefix.size() + frame->size();
  file.count += 1;
  file.offsets.push_back(static_cast<std::uint32_t>(file.size_bytes));
  if (std::find(dirty_.begin(), dirty_.end(), current_) == dirty_.end()) dirty_.push_back(current_);
  return Ok{};
}

// A write that failed half-way (full disk) left a piece of a record. The file goes on after its
// last whole record through a new descriptor, since the old one counts as failed.
void TrackLog::take_back_torn_write() {
  const SpoolFile& file = files_.back();
  auto reopened = File::open_for_appending(path_of(file));
  if (!reopened.ok() || !reopened->truncate(file.size_bytes).ok()) {
    failure_ = data_loss("track " + track_ + " could not be repaired after a failed write");
    return;
  }
  std::erase(dirty_, current_);
  current_ = std::make_shared<File>(std::move(*reopened));
  dirty_.push_back(current_);
}

Result<BuiltPart> TrackLog::append(const NewPart& part, const SigningKey& key,
                                   std::int64_t monotonic_us) {
  const MutexLock lock(mutex_);
  if (failure_) return *failure_;
  if (figures_.sealed) return failed_precondition("track " + track_ + " has ended");
  SC_TRY_ASSIGN(auto built, builder_.build(part, key, monotonic_us));

  // A second unsynced file would let a power cut tear the first one under a whole later one; so the
  // file grows on until what came before it is safe.
  const bool full = !files_.empty() && files_.back().size_bytes >= file_bytes_;
  if (files_.empty() || (full && figures_.synced >= files_.back().first)) {
    SC_TRY(start_file(figures_.made));
  }
  SC_TRY(write_record(built.head, built.frame));
  builder_.commit(built);
  unsynced_.push_back({built.head, built.frame});
  figures_.made += 1;
  figures_.made_bytes += built.frame->size();
  if (!part.init_segment.empty()) timescale_ = media_timescale(part.init_segment);
  if (timescale_ != 0) {
    figures_.duration_us = media_duration_us(part.media_time + part.duration, timescale_);
  }
  if (part.last) figures_.sealed = true;
  return built;
}

std::optional<TrackLog::Sync> TrackLog::begin_sync() {
  const MutexLock lock(mutex_);
  if (failure_ || dirty_.empty()) return std::nullopt;
  Sync sync{std::move(dirty_), new_files_, figures_.made};
  dirty_.clear();
  new_files_ = false;
  return sync;
}

void TrackLog::finish_sync(const Sync& sync) {
  const MutexLock lock(mutex_);
  while (!unsynced_.empty() && unsynced_.front().head.sequence < sync.count) {
    synced_hash_ = unsynced_.front().head.running_hash;
    unsynced_.pop_front();
  }
  figures_.synced = sync.count;
}

Result<TrackLog::Sync> TrackLog::rewrite_unsynced() {
  const MutexLock lock(mutex_);
  // What was synced stays where it is; the rest of the failed file no longer counts.
  while (!files_.empty() && files_.back().end() > figures_.synced) {
    SpoolFile& file = files_.back();
    if (file.first >= figures_.synced) {
      files_.pop_back();
      continue;
    }
    const auto kept = file.offsets.size() - static_cast<std::size_t>(file.end() - figures_.synced);
    file.offsets.resize(kept);
    file.count = figures_.synced - file.first;
    file.size_bytes = file.offsets.back();
  }
  dirty_.clear();
  attempt_ += 1;
  SC_TRY(start_file(figures_.synced));
  for (const Unsynced& part : unsynced_) SC_TRY(write_record(part.head, part.frame));
  Sync sync{std::move(dirty_), true, figures_.made};
  dirty_.clear();
  new_files_ = false;
  return sync;
}

void TrackLog::give_up(const Error& error) {
  const MutexLock lock(mutex_);
  failure_ = error;
  figures_.made = figures_.synced;
  unsynced_.clear();
  dirty_.clear();
}

std::optional<Error> TrackLog::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

void TrackLog::seal() {
  const MutexLock lock(mutex_);
  figures_.sealed = true;
}

RunningHash TrackLog::synced_hash() const {
  const MutexLock lock(mutex_);
  return {figures_.synced, synced_hash_};
}

void TrackLog::mark_delivered(std::uint64_t count) {
  const MutexLock lock(mutex_);
  figures_.delivered = std::max(figures_.delivered, std::min(count, figures_.synced));
}

bool TrackLog::has_freeable() const {
  const MutexLock lock(mutex_);
  return !files_.empty() && files_.front().end() <= figures_.delivered &&
         (files_.size() > 1 || figures_.sealed);
}

std::vector<std::filesystem::path> TrackLog::take_freeable() {
  const MutexLock lock(mutex_);
  std::vector<std::filesystem::path> paths;
  while (!files_.empty() && files_.front().end() <= figures_.delivered &&
         (files_.size() > 1 || figures_.sealed)) {
    paths.push_back(path_of(files_.front()));
    files_.pop_front();
  }
  if (files_.empty()) current_.reset();
  return paths;
}

std::optional<TrackCut> TrackLog::plan_cut(std::uint64_t wanted_bytes) const {
  const MutexLock lock(mutex_);
  if (failure_ || !figures_.sealed || figures_.synced < figures_.made) return std::nullopt;
  TrackCut cut;
  for (std::size_t i = files_.size(); i-- > 0 && cut.freed_bytes < wanted_bytes;) {
    const SpoolFile& file = files_[i];
    // The first file stays: it says R of the cut. Of a track that the hub has nothing of it may go.
    const bool keeps_nothing = i == 0 && file.first == 0;
    if (file.first < figures_.delivered || (i == 0 && !keeps_nothing)) break;
    cut.made = file.first;
    cut.freed_bytes += file.size_bytes;
    cut.freed_frame_bytes += file.size_bytes - file.count * kRecordPrefixBytes;
    cut.first_freed = path_of(file);
    cut.before = i == 0 ? std::filesystem::path() : path_of(files_[i - 1]);
    cut.before_first = i == 0 ? 0 : files_[i - 1].first;
  }
  if (cut.freed_bytes == 0) return std::nullopt;
  return cut;
}

std::vector<std::filesystem::path> TrackLog::cut_back(const TrackCut& cut) {
  const MutexLock lock(mutex_);
  std::vector<std::filesystem::path> paths;
  while (!files_.empty() && files_.back().first >= cut.made) {
    paths.push_back(path_of(files_.back()));
    files_.pop_back();
  }
  current_.reset();
  figures_.thinned += figures_.made - cut.made;
  figures_.made = figures_.synced = cut.made;
  figures_.delivered = std::min(figures_.delivered, cut.made);
  figures_.made_bytes -= std::min(figures_.made_bytes, cut.freed_frame_bytes);
  figures_.duration_us = cut.duration_us;
  synced_hash_ = cut.running_hash;
  return paths;
}

TrackFigures TrackLog::figures() const {
  const MutexLock lock(mutex_);
  return figures_;
}

std::uint64_t TrackLog::stored_bytes() const {
  const MutexLock lock(mutex_);
  std::uint64_t sum = 0;
  for (const SpoolFile& file : files_) sum += file.size_bytes;
  return sum;
}

SpoolFile* TrackLog::find_file(std::uint64_t sequence) {
  const auto after = std::upper_bound(
      files_.begin(), files_.end(), sequence,
      [](std::uint64_t wanted, const SpoolFile& file) { return wanted < file.first; });
  if (after == files_.begin()) return nullptr;
  SpoolFile& file = *std::prev(after);
  return sequence < file.end() ? &file : nullptr;
}

Result<TrackLog::Place> TrackLog::place_of(std::uint64_t sequence) {
  SpoolFile unread;
  {
    const MutexLock lock(mutex_);
    SpoolFile* file = find_file(sequence);
    if (file == nullptr)
      return not_found(fmt::format("part {} of {} is not here", sequence, track_));
    if (!file->offsets.empty()) {
      const auto index = static_cast<std::size_t>(sequence - file->first);
      return Place{path_of(*file), file->first, file->offsets[index],
                   file->offsets[index + 1] - file->offsets[index]};
    }
    unread = *file;
  }
  SC_TRY_ASSIGN(const auto opened, File::open_for_reading(path_of(unread)));
  SC_TRY_ASSIGN(auto offsets, scan_offsets(opened, unread.first, unread.count));
  {
    const MutexLock lock(mutex_);
    SpoolFile* file = find_file(sequence);
    if (file == nullptr) return not_found(fmt::format("part {} of {} was freed", sequence, track_));
    // Only the file that is written and the one that is read keep their offsets.
    for (SpoolFile& other : files_) {
      if (&other != &files_.back() || current_ == nullptr) other.offsets = {};
    }
    file->offsets = std::move(offsets);
  }
  return place_of(sequence);
}

Status TrackLog::read(const Place& place, std::uint64_t offset, std::span<std::uint8_t> out) {
  if (reader_path_ != place.path) {
    SC_TRY_ASSIGN(reader_, File::open_for_reading(place.path));
    reader_path_ = place.path;
  }
  return reader_.read_at(offset, out);
}

Result<Frame> TrackLog::read_frame(std::uint64_t sequence) {
  SC_TRY_ASSIGN(const Place place, place_of(sequence));
  std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
  SC_TRY(read(place, place.offset, prefix));
  auto frame = std::make_shared<std::string>(place.size_bytes - kRecordPrefixBytes, '\0');
  SC_TRY(read(place, place.offset + kRecordPrefixBytes,
              {reinterpret_cast<std::uint8_t*>(frame->data()), frame->size()}));  // NOLINT
  const auto head = check_record(prefix, as_bytes(*frame));
  if (!head || head->sequence != sequence) {
    return data_loss(fmt::format("part {} of track {} of capture {} is damaged on this device",
                                 sequence, track_, capture_.text()));
  }
  return Frame(std::move(frame));
}

std::uint32_t TrackLog::frame_bytes(std::uint64_t sequence) {
  const auto place = place_of(sequence);
  if (!place.ok()) return 0;
  return static_cast<std::uint32_t>(place->size_bytes - kRecordPrefixBytes);
}

std::optional<Hash> TrackLog::running_hash(std::uint64_t count) {
  if (count == 0) return RunningHash(capture_, track_).value();
  const auto place = place_of(count - 1);
  Hash hash{};
  if (!place.ok() || !read(*place, place->offset + kRecordRunningHashOffset, hash).ok()) {
    return std::nullopt;
  }
  return hash;
}

}  // namespace sitecast::agent
