// SPDX-License-Identifier: Apache-2.0
#include "hub/listing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hub/enrol/enrolment_db.h"
#include "hub/index/reader.h"
#include "proto/base/clock.h"

namespace sitecast::hub {

using nlohmann::json;

Result<json> list_projects(const Layout& layout) {
  SC_TRY_ASSIGN(const auto reader, IndexReader::open(layout.state_dir()));
  SC_TRY_ASSIGN(const auto projects, reader->projects());
  json listed = json::array();
  for (const ProjectInfo& project : projects) {
    listed.push_back({{"project_id", project.id.text()},
                      {"name", project.name},
                      {"name_en", project.name_en},
                      {"place", project.place},
                      {"time_zone", project.time_zone},
                      {"areas", project.areas},
                      {"stages", project.stages},
                      {"capture_count", project.capture_count}});
  }
  return json{{"projects", std::move(listed)}};
}

Result<json> list_members(const Layout& layout, std::string_view project) {
  const auto id = ProjectId::parse(project);
  if (!id) return invalid_argument(fmt::format("`{}` is no project id", project));
  SC_TRY_ASSIGN(const auto reader, IndexReader::open(layout.state_dir()));
  SC_TRY(reader->project(*id));
  SC_TRY_ASSIGN(const auto members, reader->members(*id));
  json listed = json::array();
  for (const auto& [user, role] : members) listed.push_back({{"user", user}, {"role", role}});
  return json{{"project_id", id->text()}, {"members", std::move(listed)}};
}

Result<json> list_devices(const Layout& layout) {
  const SystemClock clock;
  SC_TRY_ASSIGN(const auto records, EnrolmentDb::open_to_read(layout, clock));
  SC_TRY_ASSIGN(const auto devices, records->devices());
  json listed = json::array();
  for (const EnrolmentDb::ListedDevice& device : devices) {
    json projects = json::array();
    for (const ProjectId project : device.projects) projects.push_back(project.text());
    listed.push_back({{"device_id", device.id.text()},
                      {"name", device.name},
                      {"gateway", device.gateway},
                      {"enrolled_at_us", device.enrolled_at_us},
                      {"projects", std::move(projects)}});
  }
  return json{{"devices", std::move(listed)}};
}

}  // namespace sitecast::hub
