// SPDX-License-Identifier: Apache-2.0
// Events as a person or another program reads them outside Sitecast. Thread-safe: a pure function.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/index/reader.h"

namespace sitecast::hub {

// A JSON array in the order given. Every event is there; of a kind that is not known, its bytes.
std::string events_as_json(const std::vector<EventInfo>& events);

// How many parts each track has by the device's last capture.closed in such an array; empty if it
// holds none, or is no such array.
std::map<std::string, std::uint64_t> stated_part_counts(std::string_view events_json,
                                                        DeviceId device);

}  // namespace sitecast::hub
