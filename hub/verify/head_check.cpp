// SPDX-License-Identifier: Apache-2.0
#include "hub/verify/head_check.h"

namespace sitecast::hub {

bool head_is_genuine(const Enrolled& enrolled, const TrackKey& key, DeviceId device,
                     const v1::SignedHead& head, const RunningHash& running) {
  if (head.running_hash() != as_text(running.value())) return false;
  const auto found = enrolled.devices.find(device);
  if (found == enrolled.devices.end() || !found->second.key) return true;
  return verify_head(*found->second.key, key.capture, key.track, head);
}

}  // namespace sitecast::hub
