// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/device_table.h"

#include <algorithm>
#include <tuple>

namespace sitecast::gateway {
namespace {

// Only what is read out again.
void trim(v1::DeviceStatus& status) {
  const bool films = status.live_size() > 0;
  status.clear_live();
  if (films) status.add_live();
  auto& items = *status.mutable_items();
  if (items.size() > DeviceTable::kItems) {
    items.DeleteSubrange(DeviceTable::kItems, items.size() - DeviceTable::kItems);
  }
}

std::vector<ProjectId> projects_of(const std::map<ProjectId, v1::DeviceStatus>& said) {
  std::vector<ProjectId> projects;
  for (const auto& [project, status] : said) projects.push_back(project);
  return projects;
}

}  // namespace

std::vector<ProjectId> DeviceTable::on_status(ProjectId project, DeviceId id,
                                              v1::DeviceStatus status, bool retained,
                                              std::int64_t now_us) {
  const MutexLock lock(mutex_);
  if (devices_.size() >= kDevices && devices_.count(id) == 0) {
    ++refused_;
    return {};
  }
  Device& device = devices_[id];
  if (device.said.size() >= kProjectsPerDevice && device.said.count(project) == 0) {
    ++refused_;
    return {};
  }
  trim(status);
  const Presence before = device.presence;
  if (status.online()) {
    device.presence = Presence::kOnline;
    device.seen_at_us = now_us;
    device.gone_at_us.reset();
  } else {
    go(device, status, retained, now_us);
  }
  v1::DeviceStatus& said = device.said[project];
  if (!status.lost() || said.at_us() < status.at_us()) said = std::move(status);
  // Whether it is there holds for all that it speaks of.
  return device.presence == before ? std::vector{project} : projects_of(device.said);
}

void DeviceTable::go(Device& device, const v1::DeviceStatus& last_word, bool retained,
                     std::int64_t now_us) {
  device.presence = last_word.lost() ? Presence::kLost : Presence::kGone;
  if (!retained) {
    // The will comes when the broker has waited long enough for a sign of life.
    const bool filmed = last_word.lost() && device.part_at_us > now_us - kWillUs;
    device.gone_at_us = filmed ? device.part_at_us : now_us;
  } else if (!last_word.lost() && last_word.at_us() > 0) {
    device.gone_at_us = last_word.at_us();
  }
  if (device.gone_at_us) {
    device.seen_at_us = device.gone_at_us;
  } else if (device.part_at_us > device.seen_at_us.value_or(0)) {
    device.seen_at_us = device.part_at_us;
  }
}

void DeviceTable::on_part(DeviceId id, std::int64_t now_us) {
  const MutexLock lock(mutex_);
  const auto found = devices_.find(id);
  if (found != devices_.end()) found->second.part_at_us = now_us;
}

std::vector<ProjectId> DeviceTable::on_disconnected() {
  const MutexLock lock(mutex_);
  std::vector<ProjectId> projects;
  for (auto& [id, device] : devices_) {
    if (device.presence == Presence::kUnknown) continue;
    device.presence = Presence::kUnknown;
    for (const ProjectId project : projects_of(device.said)) projects.push_back(project);
  }
  std::sort(projects.begin(), projects.end());
  projects.erase(std::unique(projects.begin(), projects.end()), projects.end());
  return projects;
}

std::vector<DeviceHolding> DeviceTable::of(ProjectId project) const {
  std::vector<DeviceHolding> holdings;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, device] : devices_) {
      const auto said = device.said.find(project);
      if (said == device.said.end()) continue;
      holdings.push_back({id, device.presence, device.seen_at_us, device.gone_at_us, said->second});
    }
  }
  std::sort(holdings.begin(), holdings.end(), [](const DeviceHolding& a, const DeviceHolding& b) {
    return std::tie(a.said.device_name(), a.device) < std::tie(b.said.device_name(), b.device);
  });
  return holdings;
}

std::uint64_t DeviceTable::refused() const {
  const MutexLock lock(mutex_);
  return refused_;
}

}  // namespace sitecast::gateway
