// SPDX-License-Identifier: Apache-2.0
// The rights of everybody at the broker, in the form of mosquitto's dynamic-security plugin (2.0):
// its file, and the commands of its control topic for a change while the broker runs. Default is to
// deny everything, receiving included. One role per user. Which topics: proto/README.md, "Topics".
// Thread-safe: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/enrol/enrolment.h"

namespace sitecast::hub {

inline constexpr std::string_view kDynsecControlTopic = "$CONTROL/dynamic-security/v1";

// The whole file. `services` and `devices` are all there are.
std::string dynsec_file(const std::vector<ServiceAccount>& services,
                        const std::vector<DeviceRecord>& devices);

// Payload for the control topic: grants a new device its rights (createRole, createClient with the
// password, which the plugin hashes itself) or takes all of them away (deleteClient before
// deleteRole: the other order crashes mosquitto 2.0, issue 2660).
std::string dynsec_grant(const DeviceRecord& device, std::string_view password);
std::string dynsec_revoke(DeviceId device);

}  // namespace sitecast::hub
