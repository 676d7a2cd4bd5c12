// SPDX-License-Identifier: Apache-2.0
// What the spool does when room runs out: says so early, and thins what costs least (README.md,
// "When room runs out"). Sync thread, but for the questions.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/spool/record.h"
#include "agent/spool/spool.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kRateWindowUs = 10'000'000;
// When nothing could be thinned.
constexpr std::int64_t kThinAgainUs = 1'000'000;
// As stated in `gap`.
constexpr const char* kThinned = "thinned_disk_full";
constexpr const char* kLowRoom = "low_room";

// R(count) of a track whose file `path` begins with part `first` and ends with part count - 1.
Result<Hash> hash_at_end(const std::filesystem::path& path, std::uint64_t first,
                         std::uint64_t count) {
  SC_TRY_ASSIGN(const auto file, File::open_for_reading(path));
  SC_TRY_ASSIGN(const auto offsets, scan_offsets(file, first, count - first));
  std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
  SC_TRY(file.read_at(offsets[offsets.size() - 2], prefix));
  return record_running_hash(prefix);
}

// When on the capture's clock the first part of a file of pictures begins.
Result<std::int64_t> first_media_time_us(const std::filesystem::path& path) {
  SC_TRY_ASSIGN(const auto file, File::open_for_reading(path));
  std::array<std::uint8_t, kRecordPrefixBytes> prefix{};
  SC_TRY(file.read_at(0, prefix));
  const auto size = record_size_bytes(prefix);
  if (!size || *size < kRecordPrefixBytes) return data_loss("no record begins " + path.string());
  Bytes frame(*size - kRecordPrefixBytes);
  SC_TRY(file.read_at(kRecordPrefixBytes, frame));
  SC_TRY_ASSIGN(const auto parts, split_part_frame(frame));
  SC_TRY_ASSIGN(const auto envelope, parse_envelope(parts.envelope_bytes));
  return static_cast<std::int64_t>(envelope.media_time() * 1'000'000 / kVideoTimescale);
}

}  // namespace

SpoolRoom Spool::room() const {
  SpoolRoom room;
  const std::uint64_t stored = stored_bytes_;
  const std::uint64_t of_quota = settings_.quota_bytes - std::min(stored, settings_.quota_bytes);
  const auto free = disk_.free_bytes(settings_.dir);
  const std::uint64_t of_disk =
      free.ok() ? *free - std::min(*free, settings_.reserve_bytes) : of_quota;
  room.free_bytes = std::min(of_quota, of_disk);
  const MutexLock lock(mutex_);
  const bool recording = std::any_of(captures_.begin(), captures_.end(), [](const auto& capture) {
    return capture->state == CaptureState::kRecording;
  });
  room.bytes_per_s = recording ? rate_bytes_per_s_.load() : 0;
  if (room.bytes_per_s > 0) {
    room.left_ms = static_cast<std::int64_t>(room.free_bytes * 1000 / room.bytes_per_s);
  }
  return room;
}

bool Spool::has_room_again() const {
  const std::string kind = trouble().kind;
  const std::uint64_t enough =
      std::min(settings_.thin_room_bytes, settings_.quota_bytes / settings_.thin_room_divisor);
  return (kind.empty() || kind == kLowRoom) && room().free_bytes >= enough;
}

void Spool::measure_rate() {
  const std::int64_t passed_us = clock_.monotonic_us() - rate_since_us_;
  if (rate_since_us_ != 0 && passed_us < kRateWindowUs) return;
  const std::uint64_t written = written_bytes_;
  // After a pause there is no rate yet.
  rate_bytes_per_s_ =
      rate_since_us_ == 0 || passed_us > 3 * kRateWindowUs
          ? 0
          : (written - rate_from_bytes_) * 1'000'000 / static_cast<std::uint64_t>(passed_us);
  rate_since_us_ += rate_since_us_ == 0 ? clock_.monotonic_us() : passed_us;
  rate_from_bytes_ = written;
}

// Said once; taken back only when there is clearly more.
void Spool::watch_room() {
  const std::string kind = trouble().kind;
  if (!kind.empty() && kind != kLowRoom) return;
  const SpoolRoom left = room();
  const std::uint64_t quarters = kind.empty() ? 4 : 5;
  const bool little =
      left.free_bytes < settings_.quota_bytes / settings_.low_room_divisor / 4 * quarters;
  const bool soon =
      left.left_ms >= 0 &&
      left.left_ms * 1000 < settings_.low_room_us / 4 * static_cast<std::int64_t>(quarters);
  if (!little && !soon) {
    if (!kind.empty()) set_trouble("", "");
  } else if (left.left_ms < 0) {
    set_trouble(kLowRoom, fmt::format("{} bytes can still be recorded", left.free_bytes));
  } else {
    set_trouble(kLowRoom, fmt::format("{} bytes can still be recorded, {} s at the present rate",
                                      left.free_bytes, left.left_ms / 1000));
  }
}

// Only where room is asked for: what nobody needs the room of stays.
void Spool::thin() {
  if (clock_.monotonic_us() < thin_again_us_) return;
  const std::uint64_t floor =
      std::min(settings_.thin_room_bytes, settings_.quota_bytes / settings_.thin_room_divisor);
  const SpoolRoom left = room();
  if (left.free_bytes >= floor) return;
  if (!room_refused_.exchange(false)) {
    const MutexLock lock(mutex_);
    if (std::none_of(captures_.begin(), captures_.end(), [](const auto& capture) {
          return capture->state == CaptureState::kRecording;
        })) {
      return;
    }
  }
  const std::uint64_t wanted = 2 * floor - left.free_bytes;
  std::uint64_t freed = 0;
  for (const auto& track : thinnable()) {
    if (freed >= wanted) break;
    const auto more = thin_track(track, wanted - freed);
    if (more.ok()) {
      freed += *more;
    } else {
      log_.warn("capture={} track={} could not be thinned: {}", track->capture_id.text(),
                track->log->track(), more.error().message());
    }
  }
  if (freed == 0) thin_again_us_ = clock_.monotonic_us() + kThinAgainUs;
}

// The order: full-quality renditions of captures that are over, those first whose live rendition
// and sound the hub has whole; within that, oldest first. Nothing of a capture that somebody points
// at as evidence.
std::vector<std::shared_ptr<Spool::Track>> Spool::thinnable() const {
  std::vector<std::shared_ptr<Track>> first, then;
  const MutexLock lock(mutex_);
  for (const auto& capture : captures_) {
    if (capture->state != CaptureState::kClosed || capture->row.claimed) continue;
    std::vector<std::shared_ptr<Track>> masters;
    bool video = false, whole = true;
    for (const auto& [name, track] : capture->tracks) {
      if (track_kind(name) == TrackKind::kMaster) {
        masters.push_back(track);
        continue;
      }
      const TrackFigures figures = track->log->figures();
      video = video || (track_kind(name) == TrackKind::kVideo && figures.made > 0);
      whole = whole && figures.delivered >= figures.made;
    }
    if (!video) continue;  // the master is all there is
    auto& into = whole ? first : then;
    into.insert(into.end(), masters.begin(), masters.end());
  }
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

// Order: the cut and the word of it are durable before a file goes.
Result<std::uint64_t> Spool::thin_track(const std::shared_ptr<Track>& track,
                                        std::uint64_t wanted_bytes) {
  auto cut = track->log->plan_cut(wanted_bytes);
  const auto capture = track->capture.lock();
  if (!cut || !capture) return std::uint64_t{0};
  if (cut->made == 0) {
    cut->running_hash = RunningHash(track->capture_id, track->log->track()).value();
  } else {
    SC_TRY_ASSIGN(cut->running_hash, hash_at_end(cut->before, cut->before_first, cut->made));
    SC_TRY_ASSIGN(cut->duration_us, first_media_time_us(cut->first_freed));
  }
  const TrackFigures before = track->log->figures();
  v1::Event event;
  event.set_kind("gap");
  event.set_capture_id(track->capture_id.raw());
  event.set_area(capture->row.area);
  v1::Gap& gap = *event.mutable_gap();
  gap.set_track(track->log->track());
  gap.set_from_us(cut->duration_us);
  gap.set_until_us(std::max(before.duration_us, cut->duration_us + 1));
  gap.set_reason(kThinned);
  gap.set_first_part(cut->made);
  gap.set_part_count(before.made - cut->made);
  const auto stated = prepare_event(track->project, event);
  SC_TRY(check_prepared(event, *stated));

  TrackRow row = row_of(*track, std::nullopt);
  row.part_count = cut->made;
  row.delivered = std::min(row.delivered, cut->made);
  row.made_bytes -= std::min(row.made_bytes, cut->freed_frame_bytes);
  row.duration_us = cut->duration_us;
  row.running_hash = to_string(cut->running_hash);
  row.thinned += before.made - cut->made;
  Status committed = Ok{};
  std::vector<Change> changes(1);
  changes[0].attempts = 1;
  changes[0].apply = [&](Index& index) -> Status {
    SC_TRY(index.put_track(track->position, row));
    SC_TRY_ASSIGN(stated->position, index.add_event(*stated));
    return Ok{};
  };
  changes[0].done = [&](const Status& status) { committed = status; };
  commit(std::move(changes));
  SC_TRY(committed);

  {
    const MutexLock lock(mutex_);
    capture->waiting_events += 1;
    outbox_.emplace(stated->id, Outgoing{capture, {}});
  }
  announce(*stated);
  const auto paths = track->log->cut_back(*cut);
  if (listener_ != nullptr) listener_->track_cut(track->handle, cut->made);
  for (const auto& path : paths) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      log_.warn("{}", errno_error(errno, "unlink " + path.string()).message());
    }
  }
  stored_bytes_ -= cut->freed_bytes;
  log_.warn(
      "capture={} track={} thinned: the device is full; parts from {} on are given up, {} "
      "bytes are free",
      track->capture_id.text(), track->log->track(), cut->made, cut->freed_bytes);
  release_if_done(capture);
  return cut->freed_bytes;
}

}  // namespace sitecast::agent
