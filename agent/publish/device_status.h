// SPDX-License-Identifier: Apache-2.0
// The status messages of this device: what it holds of each project, and why that waits. What a
// field means is in proto/schema/sitecast.proto. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/publish/holding.h"
#include "agent/spool/spool.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct StatusFacts {
  bool online = false;
  std::string name;             // of the device
  ProjectId own;                // the device's; notes of no capture are counted there
  std::vector<ProjectId> told;  // projects that were spoken of before
  std::vector<CaptureSummary> captures;
  std::uint64_t waiting_events = 0;  // of all captures and of none
  WaitCause cause = WaitCause::kNone;
  std::int64_t since_us = 0;  // since when it holds
  std::uint32_t delivered_kbps = 0;
  std::uint32_t catching_up_kbps = 0;  // by how much what waits becomes less
  SpoolTrouble trouble;
  std::uint64_t stored_bytes = 0, quota_bytes = 0;
  bool metered = false;
  std::uint64_t sent_today_bytes = 0, daily_budget_bytes = 0;
};

// One for the device's own project, each that was told before, and each of which something is held.
std::map<ProjectId, v1::DeviceStatus> make_statuses(const StatusFacts& facts,
                                                    const TrackLookup& delivery);

// What others should learn at once: the rest are figures, which change all the time while something
// is sent.
std::string urgent_part_of(const v1::DeviceStatus& status);

}  // namespace sitecast::agent
