// SPDX-License-Identifier: Apache-2.0
// A person's roles in projects, from the hub's projection of member events.
#pragma once

#include "hub/index/reader.h"
#include "viewer/gateway/guard.h"

namespace sitecast::gateway {

// Blocking (index). A role that this program does not know gives no right.
Result<std::vector<Membership>> read_memberships(hub::IndexReader& reader, std::string_view user);

}  // namespace sitecast::gateway
