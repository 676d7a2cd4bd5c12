// SPDX-License-Identifier: Apache-2.0
// Who is enrolled, as the write path needs it: an immutable picture of the enrolment records,
// replaced as a whole when they change. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "proto/base/id.h"
#include "proto/base/mutex.h"
#include "proto/codec/running_hash.h"

namespace sitecast::hub {

struct Device {
  DeviceId id;
  std::string name;
  bool gateway = false;                 // people speak through it; takes part in every project
  std::set<ProjectId> projects;         // empty for the gateway
  std::optional<SigningPublicKey> key;  // the gateway has none
};

struct Enrolled {
  std::map<DeviceId, Device> devices;
  std::set<ProjectId> projects;

  // nullptr unless the device is enrolled and takes part in the project.
  [[nodiscard]] const Device* find(ProjectId project, DeviceId device) const {
    const auto found = devices.find(device);
    if (found == devices.end() || projects.count(project) == 0) return nullptr;
    const bool allowed = found->second.gateway || found->second.projects.count(project) > 0;
    return allowed ? &found->second : nullptr;
  }
};

class EnrolledView {
 public:
  [[nodiscard]] std::shared_ptr<const Enrolled> get() const {
    const MutexLock lock(mutex_);
    return enrolled_;
  }
  void set(Enrolled enrolled) {
    auto fresh = std::make_shared<const Enrolled>(std::move(enrolled));
    const MutexLock lock(mutex_);
    enrolled_ = std::move(fresh);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Enrolled> enrolled_ SC_GUARDED_BY(mutex_) = std::make_shared<Enrolled>();
};

}  // namespace sitecast::hub
