// SPDX-License-Identifier: Apache-2.0
// Quality warnings on their way from the recording's threads to whoever talks to the person.
// Thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "proto/base/mutex.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

class PendingWarnings {
 public:
  void add(const v1::QualityWarning& warning, std::int64_t media_time_us) {
    const MutexLock lock(mutex_);
    waiting_.push_back({{"type", "quality"},
                        {"warning", warning.warning()},
                        {"active", warning.active()},
                        {"at_ms", media_time_us / 1000}});
  }
  std::vector<nlohmann::json> take() {
    const MutexLock lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  Mutex mutex_;
  std::vector<nlohmann::json> waiting_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::agent
