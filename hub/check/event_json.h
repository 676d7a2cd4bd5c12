// SPDX-License-Identifier: Apache-2.0
// Events as a person or another program reads them outside Sitecast. Thread-safe: a pure function.
#pragma once

#include <string>
#include <vector>

#include "hub/index/reader.h"

namespace sitecast::hub {

// A JSON array in the order given. Every event is there; of a kind that is not known, its bytes.
std::string events_as_json(const std::vector<EventInfo>& events);

}  // namespace sitecast::hub
