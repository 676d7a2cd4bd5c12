// SPDX-License-Identifier: Apache-2.0
// Where things are on the hub's disk: the only place that makes these paths, and only from ids.
//
//   STATE/archive/{project}/{shard}/{capture}/{track}.media    parts' media bytes, append-only
//   STATE/archive/{project}/{shard}/{capture}/{track}.sidecar  journal, one record per part
//   STATE/archive/{project}/{shard}/{capture}/quarantine/      conflicting arrivals, kept for
//   people STATE/derived/{project}/{shard}/{capture}/…                thumbnails, sprites: can be
//   made again STATE/events/{project}.log                                 event log
//   STATE/index/CURRENT, index-N.db                            SQLite index, can be rebuilt
//   STATE/archive/touched                                      tracks to look at after a crash
//   STATE/enrolment.db                                         devices and their credentials
//   STATE/gateway.device                                       device id that the gateway publishes
//   as STATE/hub.lock, hub.sock                                   of the running hub
//
// {shard} = first 4 characters of the capture id (time: 4.7 h each), so that no folder grows
// without bound. Thread-safe: immutable.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "proto/base/id.h"

namespace sitecast::hub {

class Layout {
 public:
  explicit Layout(std::filesystem::path state_dir) : state_(std::move(state_dir)) {}

  [[nodiscard]] const std::filesystem::path& state_dir() const { return state_; }
  [[nodiscard]] std::filesystem::path archive_root() const { return state_ / "archive"; }
  [[nodiscard]] std::filesystem::path touched_file() const { return archive_root() / "touched"; }
  [[nodiscard]] std::filesystem::path capture_dir(ProjectId project, CaptureId capture) const;
  [[nodiscard]] std::filesystem::path media(ProjectId project, CaptureId capture,
                                            std::string_view track) const;
  [[nodiscard]] std::filesystem::path sidecar(ProjectId project, CaptureId capture,
                                              std::string_view track) const;
  [[nodiscard]] std::filesystem::path quarantine_dir(ProjectId project, CaptureId capture) const;
  [[nodiscard]] std::filesystem::path derived_dir(ProjectId project, CaptureId capture) const;
  [[nodiscard]] std::filesystem::path events_root() const { return state_ / "events"; }
  [[nodiscard]] std::filesystem::path event_log(ProjectId project) const;
  [[nodiscard]] std::filesystem::path index_dir() const { return state_ / "index"; }
  [[nodiscard]] std::filesystem::path enrolment_db() const { return state_ / "enrolment.db"; }
  [[nodiscard]] std::filesystem::path gateway_device() const { return state_ / "gateway.device"; }
  // Held (flock) by whoever writes this state: the running hub, or a command while none runs.
  [[nodiscard]] std::filesystem::path lock_file() const { return state_ / "hub.lock"; }
  [[nodiscard]] std::filesystem::path control_socket() const { return state_ / "hub.sock"; }
  // The gateway's way to enrol and revoke; its group may connect.
  [[nodiscard]] std::filesystem::path enrolment_socket() const { return state_ / "enrol.sock"; }

 private:
  std::filesystem::path state_;
};

}  // namespace sitecast::hub
