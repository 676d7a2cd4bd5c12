// SPDX-License-Identifier: Apache-2.0
// What each device last said that it holds, and whether it is there. A device that went away is
// kept with its last words: what it holds is not gone. In memory only: after a start the broker's
// retained messages tell it anew.
//
// A last will (lost) says nothing new of what is held: its figures are of when that connection
// began, and count only where nothing newer is known. While this gateway has no connection to the
// broker itself, nobody's presence is known. Thread-safe. Time: unix microseconds, this machine's
// clock but for what a device says in its message. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/mutex.h"
#include "sitecast.pb.h"

namespace sitecast::gateway {

enum class Presence {
  kOnline,
  kGone,     // said goodbye: its program has ended
  kLost,     // went without a word: no network, no power
  kUnknown,  // this gateway cannot hear it
};

struct DeviceHolding {
  DeviceId device;
  Presence presence = Presence::kUnknown;
  std::optional<std::int64_t> seen_at_us;  // last heard of, or still there
  std::optional<std::int64_t> gone_at_us;  // of kGone and kLost, where it is known
  v1::DeviceStatus said;                   // of the project that was asked for
};

class DeviceTable {
 public:
  static constexpr std::size_t kDevices = 10'000;
  static constexpr std::size_t kProjectsPerDevice = 64;
  static constexpr int kItems = 16;  // kept of those that a message lists
  // A device that filmed until so shortly before its last will came was gone when its parts ended.
  static constexpr std::int64_t kWillUs = 60'000'000;

  // `retained`: kept by the broker from before this gateway listened. Returns the projects for
  // which something is different now.
  std::vector<ProjectId> on_status(ProjectId project, DeviceId device, v1::DeviceStatus status,
                                   bool retained, std::int64_t now_us);
  void on_part(DeviceId device, std::int64_t now_us);
  // This gateway's own connection to the broker has ended.
  std::vector<ProjectId> on_disconnected();

  [[nodiscard]] std::vector<DeviceHolding> of(ProjectId project) const;  // by name, then id
  [[nodiscard]] std::uint64_t refused() const;  // messages of devices or projects over a bound

 private:
  struct Device {
    Presence presence = Presence::kUnknown;
    std::optional<std::int64_t> seen_at_us;
    std::optional<std::int64_t> gone_at_us;
    std::int64_t part_at_us = 0;
    std::map<ProjectId, v1::DeviceStatus> said;
  };
  static void go(Device& device, const v1::DeviceStatus& last_word, bool retained,
                 std::int64_t now_us);

  mutable Mutex mutex_;
  std::unordered_map<DeviceId, Device> devices_ SC_GUARDED_BY(mutex_);
  std::uint64_t refused_ SC_GUARDED_BY(mutex_) = 0;
};

}  // namespace sitecast::gateway
