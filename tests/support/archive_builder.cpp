// SPDX-License-Identifier: Apache-2.0
#include "tests/support/archive_builder.h"

#include <cstdlib>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "proto/base/file.h"

namespace sitecast {
namespace {

void append_to(const std::filesystem::path& path, ByteView bytes) {
  std::filesystem::create_directories(path.parent_path());
  auto file = File::open_for_appending(path);
  if (!file.ok() || !file->append(bytes).ok()) std::abort();
}

}  // namespace

void ArchiveBuilder::add_part(ProjectId project, DeviceId device, const TrackMaker& track,
                              const MadePart& part, bool live, std::int64_t received_at_us) {
  Track& files = tracks_[{project, track.capture(), track.track()}];
  Bytes records;
  if (files.sidecar_bytes == 0) records = hub::make_sidecar_header(device);
  hub::SidecarRecord record;
  record.flags = static_cast<std::uint8_t>((live ? hub::kArrivedLive : 0) |
                                           (part.starts_segment ? hub::kCarriesInit : 0) |
                                           (part.last ? hub::kLastOfTrack : 0));
  record.media_offset = files.media_bytes;
  record.media_size_bytes = static_cast<std::uint32_t>(part.media.size());
  record.received_at_us = received_at_us;
  record.part_hash = part.hash;
  record.envelope_bytes = part.envelope;
  record.proof_bytes = part.proof;
  hub::append_sidecar_record(records, record);
  append_to(layout_.media(project, track.capture(), track.track()), part.media);
  append_to(layout_.sidecar(project, track.capture(), track.track()), records);
  files.media_bytes += part.media.size();
  files.sidecar_bytes += records.size();
}

void ArchiveBuilder::add_event(ProjectId project, DeviceId device, const v1::Event& event,
                               std::int64_t received_at_us) {
  const std::string bytes = event.SerializeAsString();
  Bytes record;
  hub::append_event_record(record, {received_at_us, device, as_bytes(bytes)});
  append_to(layout_.event_log(project), record);
  logs_[project] += record.size();
}

hub::IndexWork ArchiveBuilder::work() const {
  hub::IndexWork work;
  for (const auto& [key, track] : tracks_) work.tracks.push_back({key, track.sidecar_bytes});
  for (const auto& [project, bytes] : logs_) work.logs.push_back({project, bytes});
  return work;
}

}  // namespace sitecast
