// SPDX-License-Identifier: Apache-2.0
// What is live at one moment, for the threads that answer requests. Immutable once published.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proto/base/id.h"

namespace sitecast::gateway {

struct LiveSnapshot {
  std::unordered_map<ProjectId, std::vector<CaptureId>> captures;  // oldest first

  [[nodiscard]] bool is_live(ProjectId project, CaptureId capture) const {
    const auto found = captures.find(project);
    if (found == captures.end()) return false;
    for (const auto& id : found->second) {
      if (id == capture) return true;
    }
    return false;
  }
  [[nodiscard]] const std::vector<CaptureId>* of(ProjectId project) const {
    const auto found = captures.find(project);
    return found == captures.end() ? nullptr : &found->second;
  }
  // The project under which a capture is published; nullopt when none or more than one.
  [[nodiscard]] std::optional<ProjectId> project_of(CaptureId capture) const {
    std::optional<ProjectId> only;
    for (const auto& [project, ids] : captures) {
      if (!is_live(project, capture)) continue;
      if (only) return std::nullopt;
      only = project;
    }
    return only;
  }
};

// Thread-safe holder of the newest one.
class LiveSnapshotHolder {
 public:
  void publish(std::shared_ptr<const LiveSnapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
  }
  [[nodiscard]] std::shared_ptr<const LiveSnapshot> get() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LiveSnapshot> snapshot_ = std::make_shared<LiveSnapshot>();
};

}  // namespace sitecast::gateway
