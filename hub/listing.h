// SPDX-License-Identifier: Apache-2.0
// What the commands `project list`, `member list` and `device list` print: JSON objects, read from
// the index and the enrolment records, beside a running hub or without one. A running hub's index
// may be a moment behind. Owner thread: the caller's. Blocking.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "hub/archive/layout.h"
#include "proto/base/result.h"

namespace sitecast::hub {

Result<nlohmann::json> list_projects(const Layout& layout);
// kInvalidArgument: no project id. kNotFound: no such project.
Result<nlohmann::json> list_members(const Layout& layout, std::string_view project);
// Those that are enrolled now, with the gateway's own.
Result<nlohmann::json> list_devices(const Layout& layout);

}  // namespace sitecast::hub
