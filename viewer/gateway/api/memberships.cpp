// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/memberships.h"

namespace sitecast::gateway {

Result<std::vector<Membership>> read_memberships(hub::IndexReader& reader, std::string_view user) {
  SC_TRY_ASSIGN(const auto stated, reader.memberships(user));
  std::vector<Membership> memberships;
  for (const auto& [project, role_name] : stated) {
    if (const auto role = parse_role(role_name)) memberships.push_back({project, *role});
  }
  return memberships;
}

}  // namespace sitecast::gateway
