// SPDX-License-Identifier: Apache-2.0
#include "hub/enrolment_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proto/base/text.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr std::size_t kProjects = 64;
constexpr std::size_t kShortestPassword = 43;  // 256 bits as base64url
constexpr std::size_t kLongestPassword = 128;

std::string text_in(const json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <typename T>
Result<T> id_of(const json& request, const char* key) {
  const auto id = T::parse(text_in(request, key));
  if (!id) return invalid_argument(std::string("no id: ") + key);
  return *id;
}

template <std::size_t kSize>
std::optional<std::array<std::uint8_t, kSize>> bytes_of(const json& request, const char* key) {
  const auto decoded = base64url_decode(text_in(request, key));
  std::array<std::uint8_t, kSize> bytes{};
  if (!decoded || decoded->size() != kSize) return std::nullopt;
  std::copy(decoded->begin(), decoded->end(), bytes.begin());
  return bytes;
}

Result<std::vector<ProjectId>> projects_of(const json& request, const char* key) {
  std::vector<ProjectId> projects;
  const auto found = request.find(key);
  if (found == request.end() || !found->is_array() || found->size() > kProjects) {
    return invalid_argument(std::string("a list of projects is missing: ") + key);
  }
  for (const json& text : *found) {
    const auto project =
        text.is_string() ? ProjectId::parse(text.get<std::string>()) : std::nullopt;
    if (!project) return invalid_argument("no project id");
    if (std::find(projects.begin(), projects.end(), *project) == projects.end()) {
      projects.push_back(*project);
    }
  }
  return projects;
}

// Whether who asks for `project` may decide over what takes part in all of `over`.
template <typename Projects>
Result<bool> may_decide(const json& request, const Projects& over) {
  SC_TRY_ASSIGN(const ProjectId project, id_of<ProjectId>(request, "project"));
  if (std::find(over.begin(), over.end(), project) == over.end()) return false;
  if (!request.contains("within")) return true;
  SC_TRY_ASSIGN(const auto within, projects_of(request, "within"));
  return std::all_of(over.begin(), over.end(), [&](ProjectId one) {
    return std::find(within.begin(), within.end(), one) != within.end();
  });
}

json texts_of(const std::vector<ProjectId>& projects) {
  json texts = json::array();
  for (const ProjectId project : projects) texts.push_back(project.text());
  return texts;
}

template <typename Projects>
bool holds(const Projects& projects, ProjectId project) {
  return std::find(projects.begin(), projects.end(), project) != projects.end();
}

}  // namespace

std::string enrolment_signing_text(const std::string& id, const std::string& token,
                                   const std::string& public_key, const std::string& password) {
  return "sitecast enrolment v1\n" + id + "\n" + token + "\n" + public_key + "\n" + password + "\n";
}

Result<json> EnrolmentDesk::handle(const json& request) {
  const std::string command = text_in(request, "command");
  if (command == "enrolment open") return open(request);
  if (command == "enrolment list") return list(request);
  if (command == "enrolment cancel") return cancel(request);
  if (command == "enrolment look") return look(request);
  if (command == "enrolment claim") return claim(request);
  if (command == "device revoke") return revoke(request);
  return invalid_argument("unknown command");
}

Status EnrolmentDesk::publish_change() {
  SC_TRY_ASSIGN(auto enrolled, parts_.records->enrolled());
  parts_.enrolled->set(std::move(enrolled));
  return Ok{};
}

Result<json> EnrolmentDesk::open(const json& request) {
  Enrolment enrolment;
  SC_TRY_ASSIGN(enrolment.id, id_of<EventId>(request, "id"));
  SC_TRY_ASSIGN(enrolment.projects, projects_of(request, "projects"));
  enrolment.name = text_in(request, "name");
  enrolment.opened_by = text_in(request, "user");
  const auto hash = bytes_of<32>(request, "token_hash");
  const std::int64_t lifetime_s = request.value("lifetime_s", std::int64_t{0});
  if (enrolment.name.empty() || enrolment.name.size() > limits::kNameBytes ||
      !is_utf8(enrolment.name)) {
    return invalid_argument("a device needs a name of 1 to 256 bytes");
  }
  if (!hash || enrolment.projects.empty() || lifetime_s < 1 || lifetime_s > kLongestLifetimeS) {
    return invalid_argument("an enrolment needs projects, a token and a lifetime of up to a day");
  }
  enrolment.opened_at_us = parts_.clock->wall_us();
  enrolment.expires_at_us = enrolment.opened_at_us + lifetime_s * 1'000'000;
  SC_TRY(parts_.records->open_enrolment(enrolment, *hash));
  return json{{"enrolment_id", enrolment.id.text()}, {"expires_at_us", enrolment.expires_at_us}};
}

Result<json> EnrolmentDesk::list(const json& request) {
  SC_TRY_ASSIGN(const ProjectId project, id_of<ProjectId>(request, "project"));
  SC_TRY_ASSIGN(const auto open, parts_.records->open_enrolments());
  SC_TRY_ASSIGN(const auto devices, parts_.records->devices());
  SC_TRY_ASSIGN(const auto browsers, parts_.records->self_enrolled());
  json answer{{"open", json::array()}, {"devices", json::array()}};
  for (const Enrolment& one : open) {
    if (!holds(one.projects, project)) continue;
    answer["open"].push_back({{"enrolment_id", one.id.text()},
                              {"name", one.name},
                              {"opened_by", one.opened_by},
                              {"opened_at_us", one.opened_at_us},
                              {"expires_at_us", one.expires_at_us},
                              {"projects", texts_of(one.projects)}});
  }
  for (const auto& device : devices) {
    if (device.gateway || !holds(device.projects, project)) continue;
    answer["devices"].push_back({{"device_id", device.id.text()},
                                 {"name", device.name},
                                 {"kind", browsers.count(device.id) > 0 ? "browser" : "native"},
                                 {"enrolled_at_us", device.enrolled_at_us},
                                 {"projects", texts_of(device.projects)}});
  }
  return answer;
}

Result<json> EnrolmentDesk::cancel(const json& request) {
  SC_TRY_ASSIGN(const EventId id, id_of<EventId>(request, "id"));
  SC_TRY_ASSIGN(const auto open, parts_.records->open_enrolments());
  const auto found =
      std::find_if(open.begin(), open.end(), [id](const Enrolment& one) { return one.id == id; });
  if (found == open.end()) return not_found("no such enrolment is open");
  SC_TRY_ASSIGN(const bool may, may_decide(request, found->projects));
  if (!may) return not_found("no such enrolment is open");
  SC_TRY(parts_.records->cancel_enrolment(id));
  return json::object();
}

Result<json> EnrolmentDesk::look(const json& request) {
  SC_TRY_ASSIGN(const EventId id, id_of<EventId>(request, "id"));
  SC_TRY_ASSIGN(const auto found, parts_.records->find_enrolment(id, text_in(request, "token")));
  json answer{{"state", name_of(found.state)}};
  if (found.state != EnrolmentState::kOpen) return answer;
  answer["name"] = found.enrolment.name;
  answer["expires_at_us"] = found.enrolment.expires_at_us;
  answer["projects"] = texts_of(found.enrolment.projects);
  return answer;
}

Result<json> EnrolmentDesk::claim(const json& request) {
  SC_TRY_ASSIGN(const EventId id, id_of<EventId>(request, "id"));
  const std::string token = text_in(request, "token");
  const auto key = bytes_of<32>(request, "public_key");
  const auto signature = bytes_of<64>(request, "signature");
  const NewcomerKeys keys{key.value_or(SigningPublicKey{}), text_in(request, "password")};
  if (!key || !signature || keys.password.size() < kShortestPassword ||
      keys.password.size() > kLongestPassword || !base64url_decode(keys.password)) {
    return invalid_argument("a device brings a key, a password and a signature");
  }
  const std::string signed_text =
      enrolment_signing_text(id.text(), token, text_in(request, "public_key"), keys.password);
  if (!verify_signature(*key, as_bytes(signed_text), *signature)) {
    return invalid_argument("the signature is not of the key that came with it");
  }
  SC_TRY_ASSIGN(const auto claimed, parts_.records->claim_enrolment(id, token, keys));
  if (!claimed.device) return json{{"state", name_of(claimed.state)}};
  SC_TRY(publish_change());
  BrokerAccount account;
  account.username = claimed.device->text();
  account.device = *claimed.device;
  account.projects = claimed.enrolment.projects;
  if (const Status told = parts_.broker->grant(account, keys.password); !told.ok()) {
    return unavailable("enrolled, but the broker was not told: " + told.error().message());
  }
  return json{{"state", "enrolled"},
              {"device_id", claimed.device->text()},
              {"name", claimed.enrolment.name},
              {"projects", texts_of(claimed.enrolment.projects)}};
}

// Again for one that is removed: the broker may not have heard of it the first time.
Result<json> EnrolmentDesk::revoke(const json& request) {
  SC_TRY_ASSIGN(const DeviceId id, id_of<DeviceId>(request, "device"));
  const auto enrolled = parts_.enrolled->get();
  const auto device = enrolled->devices.find(id);
  if (device != enrolled->devices.end()) {
    SC_TRY_ASSIGN(const bool may, may_decide(request, device->second.projects));
    if (!may || device->second.gateway) return not_found("no such device is enrolled");
    SC_TRY(parts_.records->remove_device(id));
    SC_TRY(publish_change());
  } else {
    SC_TRY_ASSIGN(const bool removed, parts_.records->was_removed(id));
    if (!removed) return not_found("no such device is enrolled");
  }
  if (const Status told = parts_.broker->revoke(id.text()); !told.ok()) {
    return unavailable("removed, and the hub takes nothing from it, but the broker was not told: " +
                       told.error().message());
  }
  return json::object();
}

}  // namespace sitecast::hub
