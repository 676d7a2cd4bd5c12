// SPDX-License-Identifier: Apache-2.0
// Gets an administration request done, by the running hub or without one. Owner thread: the
// caller's. Blocking.
#pragma once

#include <nlohmann/json.hpp>

#include "hub/config.h"
#include "proto/base/result.h"

namespace sitecast::hub {

Result<nlohmann::json> administer(const HubConfig& config, const nlohmann::json& request);

}  // namespace sitecast::hub
