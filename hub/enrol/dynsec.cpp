// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/dynsec.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr std::string_view kAnyDevice = "sitecast/1/+/+/";

json acl(std::string_view type, const std::string& topic) {
  return {{"acltype", type}, {"topic", topic}, {"priority", 0}, {"allow", true}};
}

void may_send(json& acls, const std::string& topic) {
  acls.push_back(acl("publishClientSend", topic));
}

// Subscribing and receiving are two rights in the plugin.
void may_read(json& acls, const std::string& topic) {
  acls.push_back(acl("subscribePattern", topic));
  acls.push_back(acl("publishClientReceive", topic));
}

json device_acls(const DeviceRecord& device) {
  json acls = json::array();
  for (const ProjectId project : device.projects) {
    const std::string prefix = device_prefix(project, device.id);
    for (const auto* topic : {"live/+/+", "fill/+/+", "event", "hello", "status"}) {
      may_send(acls, prefix + topic);
    }
    for (const auto* topic : {"receipt", "down"}) may_read(acls, prefix + topic);
  }
  return acls;
}

json service_acls(std::string_view user) {
  json acls = json::array();
  const std::string any(kAnyDevice);
  if (user == kHubUser) {
    for (const auto* topic : {"live/+/+", "fill/+/+", "event", "hello", "status"}) {
      may_read(acls, any + topic);
    }
    for (const auto* topic : {"receipt", "down"}) may_send(acls, any + topic);
    may_send(acls, "sitecast/1/+/feed");
    may_send(acls, std::string(kDynsecControlTopic));
    may_read(acls, std::string(kDynsecControlTopic) + "/response");
  } else if (user == kGatewayReaderUser) {
    for (const auto* topic : {"live/+/+", "status"}) may_read(acls, any + topic);
    may_read(acls, "sitecast/1/+/feed");
  }
  // gateway-publisher: nothing until people's statements go through it.
  return acls;
}

std::string role_name(std::string_view user) { return fmt::format("role-{}", user); }

json role(std::string_view user, json acls) {
  return {{"rolename", role_name(user)}, {"acls", std::move(acls)}};
}

json client(std::string_view user, const BrokerSecret& secret) {
  return {{"username", user},
          {"password", base64_encode(secret.hash)},
          {"salt", base64_encode(secret.salt)},
          {"iterations", secret.iterations},
          {"roles", {{{"rolename", role_name(user)}}}}};
}

}  // namespace

std::string dynsec_file(const std::vector<ServiceAccount>& services,
                        const std::vector<DeviceRecord>& devices) {
  json clients = json::array();
  json roles = json::array();
  for (const auto& service : services) {
    clients.push_back(client(service.username, service.secret));
    roles.push_back(role(service.username, service_acls(service.username)));
  }
  for (const auto& device : devices) {
    clients.push_back(client(device.id.text(), device.secret));
    roles.push_back(role(device.id.text(), device_acls(device)));
  }
  const json file = {{"defaultACLAccess",
                      {{"publishClientSend", false},
                       {"publishClientReceive", false},
                       {"subscribe", false},
                       {"unsubscribe", true}}},
                     {"clients", std::move(clients)},
                     {"groups", json::array()},
                     {"roles", std::move(roles)}};
  return file.dump(1, '\t') + "\n";
}

std::string dynsec_grant(const DeviceRecord& device, std::string_view password) {
  const std::string user = device.id.text();
  json create_role = role(user, device_acls(device));
  create_role["command"] = "createRole";
  const json create_client = {{"command", "createClient"},
                              {"username", user},
                              {"password", password},
                              {"roles", {{{"rolename", role_name(user)}}}}};
  return json{{"commands", {create_role, create_client}}}.dump();
}

std::string dynsec_revoke(DeviceId device) {
  const std::string user = device.text();
  const json delete_client = {{"command", "deleteClient"}, {"username", user}};
  const json delete_role = {{"command", "deleteRole"}, {"rolename", role_name(user)}};
  return json{{"commands", {delete_client, delete_role}}}.dump();
}

}  // namespace sitecast::hub
