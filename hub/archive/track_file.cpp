// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/track_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/archive/journal_rest.h"
#include "hub/archive/reopen.h"
#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"

namespace sitecast::hub {

Result<std::unique_ptr<TrackFile>> TrackFile::open(const Layout& layout, const TrackKey& key,
                                                   bool suspect, std::uint64_t once_read) {
  const auto sidecar_path = layout.sidecar(key.project, key.capture, key.track);
  SC_TRY_ASSIGN(const auto probe, File::open_for_reading(sidecar_path));
  SC_TRY_ASSIGN(const std::uint64_t size, probe.size_bytes());
  // It was being made when the hub crashed; nothing of it was receipted.
  if (size < kSidecarHeaderBytes) return not_found("track has no header");
  std::unique_ptr<TrackFile> track(new TrackFile(key, RunningHash(key.capture, key.track)));
  SC_TRY_ASSIGN(track->device_, read_sidecar_header(probe));
  SC_TRY_ASSIGN(track->sidecar_, File::open_for_appending(sidecar_path));
  SC_TRY_ASSIGN(track->media_,
                File::open_for_appending(layout.media(key.project, key.capture, key.track)));
  SC_TRY(track->scan(suspect, once_read));
  return track;
}

Result<std::unique_ptr<TrackFile>> TrackFile::create(const Layout& layout, const TrackKey& key,
                                                     DeviceId device) {
  std::unique_ptr<TrackFile> track(new TrackFile(key, RunningHash(key.capture, key.track)));
  track->device_ = device;
  SC_TRY_ASSIGN(track->media_,
                File::open_for_appending(layout.media(key.project, key.capture, key.track)));
  // What a crash left of a track that was being made is removed at the start, so this is another's.
  SC_TRY_ASSIGN(const std::uint64_t media_bytes, track->media_.size_bytes());
  if (media_bytes > 0) {
    return data_loss(
        fmt::format("track {} of capture {} has media but no sidecar; run "
                    "`sitecast-hub check`",
                    key.track, key.capture.text()));
  }
  SC_TRY_ASSIGN(track->sidecar_,
                File::open_for_appending(layout.sidecar(key.project, key.capture, key.track)));
  SC_TRY(track->sidecar_.truncate(0));
  track->waiting_records_ = make_sidecar_header(device);
  track->sidecar_bytes_ = kSidecarHeaderBytes;
  return track;
}

// One pass over the sidecar, up to the first record that is not whole or whose media is not.
Status TrackFile::scan(bool suspect, std::uint64_t once_read) {
  SC_TRY_ASSIGN(const std::uint64_t media_file_bytes, media_.size_bytes());
  const std::uint64_t last_group =
      media_file_bytes > kGroupMediaBytes ? media_file_bytes - kGroupMediaBytes : 0;
  sidecar_bytes_ = kSidecarHeaderBytes;
  Status failed = Ok{};
  bool unlike = false;        // a part's media is not what its record says
  bool damage = false;        // and it was written once
  bool whole_behind = false;  // and a later part is whole
  const auto end = read_sidecar(sidecar_, 0, [&](const SidecarRecord& record, std::uint64_t at) {
    const std::uint64_t media_end = record.media_offset + record.media_size_bytes;
    const auto envelope = parse_envelope(record.envelope_bytes);
    if (media_end > media_file_bytes || !envelope.ok()) return false;
    if (suspect && media_end > last_group) {
      auto media = read_media(record);
      if (!media.ok()) failed = media.error();
      if (!media.ok()) return false;
      const bool matches = part_hash(record.envelope_bytes, *media) == record.part_hash;
      if (!matches && !unlike) {
        unlike = true;
        damage = !holds_unwritten_sector(*media, record.media_offset);
      }
      whole_behind = unlike && matches;
      if (unlike) return !whole_behind;
    }
    sidecar_bytes_ = at + sidecar_record_bytes(record);
    media_bytes_ = std::max(media_bytes_, media_end);
    if (received_.contains(envelope->sequence())) return true;  // `check` reports it
    note(envelope->sequence(), at, sidecar_bytes_);
    if (envelope->sequence() == running_.count()) running_.add(record.part_hash);
    return true;
  });
  SC_TRY(failed);
  if (!end.ok()) return end.error();
  if (damage && whole_behind) {
    return damaged();
  }
  SC_TRY(cut_torn_tail(suspect, once_read, *end));
  settle();
  return advance([](const SidecarRecord&, const RunningHash&) {});
}

Error TrackFile::damaged() const {
  return data_loss(fmt::format(
      "track {} of capture {} is damaged at byte {} of its sidecar; run `sitecast-hub check`",
      key_.track, key_.capture.text(), sidecar_bytes_));
}

// `read_to`: from there on no record can be read.
Status TrackFile::cut_torn_tail(bool suspect, std::uint64_t once_read, std::uint64_t read_to) {
  SC_TRY_ASSIGN(const std::uint64_t media_file_bytes, media_.size_bytes());
  SC_TRY_ASSIGN(const std::uint64_t sidecar_file_bytes, sidecar_.size_bytes());
  const std::uint64_t media_rest = media_file_bytes - std::min(media_bytes_, media_file_bytes);
  const std::uint64_t sidecar_rest =
      sidecar_file_bytes - std::min(sidecar_bytes_, sidecar_file_bytes);
  const std::uint64_t tolerance = suspect ? limits::kPartBytes : 0;
  if (sidecar_bytes_ < once_read || media_rest > (suspect ? kGroupMediaBytes : 0) + tolerance ||
      sidecar_rest > (suspect ? kGroupSidecarBytes : 0) + tolerance) {
    return damaged();
  }
  if (!suspect) return Ok{};
  // Behind a part whose media is torn, records may be whole; behind a torn record none is.
  if (read_to == sidecar_bytes_ && sidecar_rest > 0) {
    SC_TRY_ASSIGN(const auto rest, hub::sidecar_rest(sidecar_, read_to, sidecar_file_bytes));
    if (!may_be_torn(rest, sidecar_file_bytes)) return damaged();
  }
  if (media_rest > 0) SC_TRY(media_.truncate(media_bytes_));
  if (sidecar_rest > 0) SC_TRY(sidecar_.truncate(sidecar_bytes_));
  SC_TRY(media_.sync_data());
  return sidecar_.sync_data();
}

Result<Bytes> TrackFile::read_media(const SidecarRecord& record) const {
  Bytes media(record.media_size_bytes);
  SC_TRY(media_.read_at(record.media_offset, media));
  return media;
}

void TrackFile::note(std::uint64_t sequence, std::uint64_t record_offset,
                     std::uint64_t record_end) {
  received_.add(sequence);
  if (const auto run = runs_.find(last_run_); run != runs_.end()) {
    if (run->first + run->second.count == sequence && run->second.count < kRunRecords &&
        run->second.sidecar_end == record_offset) {
      ++run->second.count;
      run->second.sidecar_end = record_end;
      return;
    }
  }
  runs_[sequence] = {1, record_offset, record_end};
  last_run_ = sequence;
}

Result<std::optional<Hash>> TrackFile::stored_hash(std::uint64_t sequence) {
  if (!received_.contains(sequence)) return std::optional<Hash>();
  SC_TRY(write_records());
  const auto run = std::prev(runs_.upper_bound(sequence));
  std::uint64_t skip = sequence - run->first;
  std::optional<Hash> hash;
  const auto end = read_sidecar(
      sidecar_, run->second.sidecar_offset,
      [&](const SidecarRecord& record, std::uint64_t) {
        if (skip-- == 0) hash = record.part_hash;
        return !hash.has_value();
      },
      run->second.sidecar_end);
  if (!end.ok()) return end.error();
  if (!hash) return data_loss("a sidecar record cannot be read back");
  return hash;
}

Status TrackFile::append(const PartToStore& part) {
  SC_TRY(media_.append(part.media));
  SidecarRecord record;
  record.flags = static_cast<std::uint8_t>((part.live ? kArrivedLive : 0) |
                                           (part.carries_init ? kCarriesInit : 0) |
                                           (part.last ? kLastOfTrack : 0));
  record.media_offset = media_bytes_;
  record.media_size_bytes = static_cast<std::uint32_t>(part.media.size());
  record.received_at_us = part.received_at_us;
  record.part_hash = part.hash;
  record.envelope_bytes = part.envelope_bytes;
  record.proof_bytes = part.proof_bytes;
  const std::size_t before = waiting_records_.size();
  append_sidecar_record(waiting_records_, record);
  const std::uint64_t at = sidecar_bytes_;
  sidecar_bytes_ += waiting_records_.size() - before;
  media_bytes_ += part.media.size();
  note(part.sequence, at, sidecar_bytes_);
  if (part.sequence == running_.count()) running_.add(part.hash);
  return Ok{};
}

Status TrackFile::write_records() {
  if (waiting_records_.empty()) return Ok{};
  SC_TRY(sidecar_.append(waiting_records_));
  waiting_records_.clear();
  return Ok{};
}

void TrackFile::settle() {
  durable_media_bytes_ = media_bytes_;
  durable_sidecar_bytes_ = sidecar_bytes_;
}

Status TrackFile::roll_back() {
  if (media_.failed()) SC_TRY(reopen_for_appending(media_));
  if (sidecar_.failed()) SC_TRY(reopen_for_appending(sidecar_));
  SC_TRY(media_.truncate(durable_media_bytes_));
  SC_TRY(sidecar_.truncate(durable_sidecar_bytes_));
  SC_TRY(media_.sync_data());
  SC_TRY(sidecar_.sync_data());
  waiting_records_.clear();
  runs_.clear();
  received_ = SequenceSet();
  running_ = RunningHash(key_.capture, key_.track);
  media_bytes_ = 0;
  if (durable_sidecar_bytes_ == 0) {  // the track was new in this group
    waiting_records_ = make_sidecar_header(device_);
    sidecar_bytes_ = kSidecarHeaderBytes;
    return Ok{};
  }
  return scan(false, 0);
}

Status TrackFile::advance(
    const std::function<void(const SidecarRecord&, const RunningHash&)>& passed) {
  while (running_.count() < received_.contiguous()) {
    const auto run = std::prev(runs_.upper_bound(running_.count()));
    std::uint64_t sequence = run->first;
    const std::uint64_t before = running_.count();
    const auto end = read_sidecar(
        sidecar_, run->second.sidecar_offset,
        [&](const SidecarRecord& record, std::uint64_t) {
          if (sequence++ == running_.count()) {
            running_.add(record.part_hash);
            passed(record, running_);
          }
          return true;
        },
        run->second.sidecar_end);
    if (!end.ok()) return end.error();
    if (running_.count() == before) return data_loss("a sidecar record cannot be read back");
  }
  return Ok{};
}

}  // namespace sitecast::hub
