// SPDX-License-Identifier: Apache-2.0
#include "hub/administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hub/broker/rights.h"
#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

std::string text_of(const json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<ProjectId> project_of(const json& request) {
  const std::string text = text_of(request, "project");
  const auto project = ProjectId::parse(text);
  if (!project) return invalid_argument(fmt::format("`{}` is no project id", text));
  return *project;
}

Result<SigningPublicKey> key_of(const json& request) {
  const auto bytes = base64url_decode(text_of(request, "public_key"));
  SigningPublicKey key{};
  if (!bytes || bytes->size() != key.size()) {
    return invalid_argument("the public key must be what `sitecast-agent keygen` prints");
  }
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// As the gateway takes them: nobody could sign in under another one.
Status check_user_name(std::string_view user) {
  const bool plain = std::all_of(user.begin(), user.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '@' || c == '-';
  });
  if (plain && !user.empty() && user.size() <= 64) return Ok{};
  return invalid_argument(fmt::format(
      "`{}` is no user name: it has 1 to 64 letters, digits or any of . _ @ - and nothing else",
      user));
}

// An IANA name; whether there is such a zone, as far as this machine knows them.
Status check_time_zone(const std::string& zone) {
  constexpr std::string_view kZones = "/usr/share/zoneinfo";
  const bool plain = !zone.empty() && is_letter_or_digit(zone.front()) &&
                     std::all_of(zone.begin(), zone.end(), [](char c) {
                       return is_letter_or_digit(c) || c == '/' || c == '_' || c == '-' || c == '+';
                     });
  std::error_code ignored;
  const std::filesystem::path zones(kZones);
  if (plain && (!std::filesystem::is_directory(zones, ignored) ||
                std::filesystem::is_regular_file(zones / zone, ignored))) {
    return Ok{};
  }
  return invalid_argument(
      fmt::format("`{}` is no time zone: write an IANA name, as Asia/Shanghai", zone));
}

}  // namespace

Result<json> Administration::handle(const json& request) {
  const std::string command = text_of(request, "command");
  if (command == "project add") return add_project(request);
  if (command == "member add") return add_member(request);
  if (command == "member remove") return remove_member(request);
  if (command == "device enrol") return enrol_device(request);
  if (command == "device remove") return remove_device(request);
  if (command == "broker-files") return broker_files(request);
  return invalid_argument(fmt::format("unknown command `{}`", command));
}

Result<v1::Event> Administration::new_event(std::string_view kind) const {
  v1::Event event;
  event.set_event_id(EventId::make().raw());
  event.set_kind(std::string(kind));
  event.set_stated_at_us(parts_.clock->wall_us());
  return event;
}

Status Administration::publish_change() {
  SC_TRY_ASSIGN(auto enrolled, parts_.records->enrolled());
  parts_.enrolled->set(std::move(enrolled));
  return Ok{};
}

Result<json> Administration::add_project(const json& request) {
  const ProjectId project = ProjectId::make();
  SC_TRY_ASSIGN(v1::Event event, new_event("project.stated"));
  auto* stated = event.mutable_project();
  stated->set_name(text_of(request, "name"));
  stated->set_name_en(text_of(request, "name_en"));
  stated->set_place(text_of(request, "place"));
  stated->set_time_zone(text_of(request, "time_zone"));
  for (const auto& area : request.value("areas", json::array())) {
    stated->add_areas(area.get<std::string>());
  }
  for (const auto& stage : request.value("stages", json::array())) {
    stated->add_stages(stage.get<std::string>());
  }
  SC_TRY(check_time_zone(stated->time_zone()));
  SC_TRY(check_event(event));
  SC_TRY(parts_.records->add_project(project));
  SC_TRY(publish_change());
  SC_TRY(parts_.state(project, event));
  return json{{"project_id", project.text()}};
}

Result<json> Administration::add_member(const json& request) {
  SC_TRY(check_user_name(text_of(request, "user")));
  return state_member(request, "member.added", text_of(request, "role"));
}

// Also of somebody who is none, and under any name: what was added once can be taken back.
Result<json> Administration::remove_member(const json& request) {
  return state_member(request, "member.removed", "");
}

Result<json> Administration::state_member(const json& request, std::string_view kind,
                                          const std::string& role) {
  SC_TRY_ASSIGN(const ProjectId project, project_of(request));
  SC_TRY_ASSIGN(const Enrolled enrolled, parts_.records->enrolled());
  if (enrolled.projects.count(project) == 0) return not_found("no such project: " + project.text());
  SC_TRY_ASSIGN(v1::Event event, new_event(kind));
  event.mutable_member()->set_user(text_of(request, "user"));
  event.mutable_member()->set_role(role);
  SC_TRY(check_event(event));
  SC_TRY(parts_.state(project, event));
  return json{{"project_id", project.text()}, {"user", event.member().user()}};
}

Result<json> Administration::enrol_device(const json& request) {
  SC_TRY_ASSIGN(const ProjectId project, project_of(request));
  SC_TRY_ASSIGN(const SigningPublicKey key, key_of(request));
  const std::string name = text_of(request, "name");
  if (name.empty() || name.size() > limits::kNameBytes) {
    return invalid_argument("a device needs a name of 1 to 256 bytes");
  }
  SC_TRY_ASSIGN(const auto device, parts_.records->add_device(name, project, key));
  SC_TRY(publish_change());
  json answer{{"device_id", device.id.text()}, {"password", device.password}};
  if (parts_.broker != nullptr) {
    BrokerAccount account;
    account.username = device.id.text();
    account.device = device.id;
    account.projects = {project};
    if (const Status told = parts_.broker->grant(account, device.password); !told.ok()) {
      // Enrolled all the same: the broker's files are written from the records before its next
      // start.
      answer["warning"] = "the running broker was not told, restart it: " + told.error().message();
    }
  }
  return answer;
}

Result<json> Administration::remove_device(const json& request) {
  const std::string text = text_of(request, "device");
  const auto device = DeviceId::parse(text);
  if (!device) return invalid_argument(fmt::format("`{}` is no device id", text));
  SC_TRY(parts_.records->remove_device(*device));
  SC_TRY(publish_change());
  if (parts_.broker != nullptr) {
    if (const Status told = parts_.broker->revoke(device->text()); !told.ok()) {
      return told.error().within(
          "removed, and the hub takes nothing from it any more, but the "
          "running broker was not told, restart it");
    }
  }
  return json{{"device_id", device->text()}};
}

Result<json> Administration::broker_files(const json& request) {
  json passwords = json::object();
  for (const std::string_view user : {kHubUser, kReaderUser, kPublisherUser}) {
    SC_TRY_ASSIGN(const bool known, parts_.records->has_service(user));
    if (known && !request.value("new_passwords", false)) continue;
    SC_TRY_ASSIGN(passwords[std::string(user)], parts_.records->renew_service_password(user));
  }
  SC_TRY_ASSIGN(const auto accounts, parts_.records->accounts());
  SC_TRY_ASSIGN(const DeviceId gateway, parts_.records->gateway_device());
  return json{{"rights", rights_file(accounts)},
              {"passwords", passwords},
              {"gateway_device_id", gateway.text()}};
}

}  // namespace sitecast::hub
