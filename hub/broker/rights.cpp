// SPDX-License-Identifier: Apache-2.0
#include "hub/broker/rights.h"

#include <nlohmann/json.hpp>

#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

class AclList {
 public:
  AclList& send(const std::string& topic) { return add("publishClientSend", topic); }
  AclList& receive(const std::string& topic) { return add("publishClientReceive", topic); }
  // One filter, exactly as it is subscribed to; and what comes through it.
  AclList& listen(const std::string& filter) {
    return add("subscribeLiteral", filter).receive(filter);
  }
  // A filter and every narrower one.
  AclList& listen_within(const std::string& filter) {
    return add("subscribePattern", filter).receive(filter);
  }
  json take() { return std::move(acls_); }

 private:
  AclList& add(const char* type, const std::string& topic) {
    acls_.push_back({{"acltype", type}, {"topic", topic}, {"priority", 0}, {"allow", true}});
    return *this;
  }
  json acls_ = json::array();
};

void allow_device(AclList& acls, const std::string& prefix) {
  acls.send(prefix + "live/#")
      .send(prefix + "fill/#")
      .send(prefix + "event")
      .send(prefix + "hello")
      .send(prefix + "status")
      .listen(prefix + "receipt")
      .listen(prefix + "down")
      .listen(prefix + "talk");
}

json acls_of(const BrokerAccount& account) {
  AclList acls;
  switch (account.kind) {
    case BrokerAccount::Kind::kHub:
      for (const char* topic : {"live/#", "fill/#", "event", "hello", "status"}) {
        acls.listen(std::string("sitecast/1/+/+/") + topic);
      }
      acls.send("sitecast/1/+/+/receipt")
          .send("sitecast/1/+/+/down")
          .send("sitecast/1/+/feed")
          .send(std::string(kControlTopic))
          .listen(std::string(kControlResponseTopic));
      break;
    case BrokerAccount::Kind::kReader:
      acls.listen_within("sitecast/1/+/+/live/#")
          .listen_within("sitecast/1/+/+/status")
          .listen_within("sitecast/1/+/feed");
      break;
    case BrokerAccount::Kind::kGateway: {
      const std::string prefix = "sitecast/1/+/" + account.device.text() + "/";
      allow_device(acls, prefix);
      acls.listen_within(prefix + "receipt").listen_within(prefix + "down");
      // People are heard at every device; none of them can say anything there.
      acls.send("sitecast/1/+/+/talk");
      break;
    }
    case BrokerAccount::Kind::kDevice:
      for (const ProjectId project : account.projects) {
        allow_device(acls, device_prefix(project, account.device));
      }
      break;
  }
  return acls.take();
}

json client_of(const BrokerAccount& account) {
  return {{"username", account.username},
          {"roles", json::array({{{"rolename", account.username}}})},
          {"password", base64_encode(account.secret.hash)},
          {"salt", base64_encode(account.secret.salt)},
          {"iterations", account.secret.iterations}};
}

std::string commands(std::vector<json> list, std::string_view correlation) {
  for (json& command : list) command["correlationData"] = correlation;
  return json{{"commands", list}}.dump();
}

}  // namespace

std::string rights_file(const std::vector<BrokerAccount>& accounts) {
  json file;
  file["defaultACLAccess"] = {{"publishClientSend", false},
                              {"publishClientReceive", false},
                              {"subscribe", false},
                              {"unsubscribe", false}};
  file["clients"] = json::array();
  file["groups"] = json::array();
  file["roles"] = json::array();
  for (const BrokerAccount& account : accounts) {
    file["clients"].push_back(client_of(account));
    file["roles"].push_back({{"rolename", account.username}, {"acls", acls_of(account)}});
  }
  return file.dump(1) + "\n";
}

std::string grant_command(const BrokerAccount& account, std::string_view password,
                          std::string_view correlation) {
  return commands(
      {{{"command", "createRole"}, {"rolename", account.username}, {"acls", acls_of(account)}},
       {{"command", "createClient"},
        {"username", account.username},
        {"password", password},
        {"roles", json::array({{{"rolename", account.username}}})}}},
      correlation);
}

// The client goes before its role: mosquitto 2.0.11 crashes the other way round (its issue 2660).
std::string revoke_command(std::string_view username, std::string_view correlation) {
  return commands({{{"command", "disableClient"}, {"username", username}},
                   {{"command", "deleteClient"}, {"username", username}},
                   {{"command", "deleteRole"}, {"rolename", username}}},
                  correlation);
}

ControlResponse parse_control_response(std::string_view payload, std::string_view harmless) {
  ControlResponse result;
  const json parsed = json::parse(payload, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("responses") || !parsed["responses"].is_array()) {
    return {"", "the broker's answer cannot be read"};
  }
  for (const json& response : parsed["responses"]) {
    if (!response.is_object()) continue;
    result.correlation = response.value("correlationData", result.correlation);
    const std::string error = response.value("error", "");
    if (!response.contains("error") || !result.error.empty()) continue;
    if (!harmless.empty() && error.ends_with(harmless)) continue;
    result.error = response.value("command", "") + ": " + error;
  }
  return result;
}

}  // namespace sitecast::hub
