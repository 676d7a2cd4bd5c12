// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/enrolment_handlers.h"

#include <sodium.h>

#include <algorithm>

#include "proto/base/sha256.h"
#include "proto/base/text.h"
#include "proto/codec/limits.h"
#include "viewer/gateway/api/read_handlers.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t kTokenBytes = 24;  // 192 bits, 32 characters
constexpr std::int64_t kLongestMinutes = 24 * 60;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string make_token() {
  Bytes bytes(kTokenBytes);
  randombytes_buf(bytes.data(), bytes.size());
  return base64url_encode(bytes);
}

bool may_decide(const Subject& subject, ProjectId project) {
  return decide(subject, Action::kDecide, {ObjectKind::kProject, project}) == Decision::kAllow;
}

// The projects in which the subject may decide; nothing for the centre, which may in all.
void add_within(json& question, const Subject& subject) {
  if (subject.account_role == Role::kCentre) return;
  json within = json::array();
  for (const Membership& member : subject.memberships) {
    if (may_decide(subject, member.project)) within.push_back(member.project.text());
  }
  question["within"] = std::move(within);
}

std::variant<Response, HubQuestion> open_question(const json& body, const Subject& subject,
                                                  ProjectId project, bool tunnel) {
  const std::string name = text_of(body, "name");
  const auto minutes = body.find("minutes");
  if (name.empty() || name.size() > limits::kNameBytes || minutes == body.end() ||
      !minutes->is_number_integer() || minutes->get<std::int64_t>() < 1 ||
      minutes->get<std::int64_t>() > kLongestMinutes) {
    return bad_request("send a name of 1 to 256 bytes and minutes from 1 to 1440");
  }
  json projects = json::array({project.text()});
  const json also = body.value("also_projects", json::array());
  if (!also.is_array() || also.size() > 32) return bad_request("also_projects is a list of ids");
  for (const json& text : also) {
    const auto id = text.is_string() ? ProjectId::parse(text.get<std::string>()) : std::nullopt;
    if (!id || !may_decide(subject, *id)) return not_found_response();
    projects.push_back(id->text());
  }
  if (!tunnel) {
    auto response = error_response(503, "no_tunnel",
                                   "browsers cannot reach the broker here: it is called by mqtts");
    response.cause = "broker.url is mqtts://: no tunnel to it, so no browser could connect";
    return response;
  }
  const std::string token = make_token();
  const std::string id = EventId::make().text();
  return HubQuestion{
      json{{"command", "enrolment open"},
           {"id", id},
           {"name", name},
           {"user", subject.user},
           {"projects", projects},
           {"token_hash", base64url_encode(sha256(as_bytes(token)))},
           {"lifetime_s", minutes->get<std::int64_t>() * 60}},
      [token, id](const json& answer) {
        JsonWriter out;
        out.begin_object().member("enrolment_id", id).member("token", token);
        out.member("expires_at_us", answer.value("expires_at_us", std::int64_t{0})).end_object();
        auto response = json_response(std::move(out).take());
        response.status = 201;
        return response;
      }};
}

void write_enrolment(JsonWriter& out, const json& one) {
  out.begin_object().member("enrolment_id", text_of(one, "enrolment_id"));
  out.member("name", text_of(one, "name")).member("opened_by", text_of(one, "opened_by"));
  out.member("opened_at_us", one.value("opened_at_us", std::int64_t{0}));
  out.member("expires_at_us", one.value("expires_at_us", std::int64_t{0}));
  out.member("projects", one.value("projects", std::vector<std::string>())).end_object();
}

Response list_response(const json& answer, const std::vector<DeviceHolding>& seen, bool tunnel) {
  JsonWriter out;
  out.begin_object().member("tunnel", tunnel).key("open").begin_array();
  for (const json& one : answer.value("open", json::array())) write_enrolment(out, one);
  out.end_array().key("devices").begin_array();
  for (const json& one : answer.value("devices", json::array())) {
    const std::string id = text_of(one, "device_id");
    const auto holding = std::find_if(seen.begin(), seen.end(), [&](const DeviceHolding& device) {
      return device.device.text() == id;
    });
    std::optional<std::int64_t> seen_at_us;
    if (holding != seen.end()) seen_at_us = holding->seen_at_us;
    out.begin_object().member("device_id", id).member("name", text_of(one, "name"));
    out.member("kind", text_of(one, "kind"));
    out.member("enrolled_at_us", one.value("enrolled_at_us", std::int64_t{0}));
    out.member("seen_at_us", seen_at_us);
    out.member("online", holding != seen.end() && holding->presence == Presence::kOnline);
    out.member("projects", one.value("projects", std::vector<std::string>())).end_object();
  }
  out.end_array().end_object();
  return json_response(std::move(out).take());
}

Response done_response(const json& /*answer*/) {
  Response response;
  response.status = 204;
  return response;
}

Response gone(const std::string& state) {
  if (state == "expired") {
    return error_response(410, "expired", "the time of this enrolment is over: ask for a new one");
  }
  if (state == "cancelled") {
    return error_response(410, "cancelled", "the centre took this enrolment back");
  }
  return error_response(410, "used", "this enrolment was used already: it works once");
}

}  // namespace

bool is_enrolment(RouteId route) {
  return route == RouteId::kEnrolments || route == RouteId::kEnrolmentOpen ||
         route == RouteId::kEnrolmentCancel || route == RouteId::kDeviceRevoke;
}

bool is_newcomer(RouteId route) { return route == RouteId::kEnrolLook || route == RouteId::kEnrol; }

std::variant<Response, HubQuestion> enrolment_question(RouteId route, const Request& request,
                                                       const Subject& subject, ProjectId project,
                                                       const DeviceTable& devices, bool tunnel) {
  if (route == RouteId::kEnrolments) {
    return HubQuestion{enrolled_question(project),
                       [seen = devices.of(project), tunnel](const json& answer) {
                         return list_response(answer, seen, tunnel);
                       }};
  }
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return bad_request("send a JSON object");
  if (route == RouteId::kEnrolmentOpen) return open_question(body, subject, project, tunnel);
  const bool revoke = route == RouteId::kDeviceRevoke;
  const std::string id = text_of(body, revoke ? "device_id" : "enrolment_id");
  if (!EventId::parse(id)) {
    return bad_request(revoke ? "send the device_id" : "send the enrolment_id");
  }
  json question{{"command", revoke ? "device revoke" : "enrolment cancel"},
                {revoke ? "device" : "id", id},
                {"project", project.text()}};
  add_within(question, subject);
  return HubQuestion{std::move(question), done_response};
}

json enrolled_question(ProjectId project) {
  return json{{"command", "enrolment list"}, {"project", project.text()}};
}

bool is_enrolled(const json& answer, DeviceId device) {
  const json devices = answer.value("devices", json::array());
  return std::any_of(devices.begin(), devices.end(), [id = device.text()](const json& one) {
    return text_of(one, "device_id") == id;
  });
}

std::optional<json> newcomer_question(RouteId route, const std::string& body) {
  const json said = json::parse(body, nullptr, false);
  if (!said.is_object()) return std::nullopt;
  const std::string id = text_of(said, "enrolment_id");
  const std::string token = text_of(said, "token");
  const auto bytes = base64url_decode(token);
  if (!EventId::parse(id) || !bytes || bytes->size() != kTokenBytes) return std::nullopt;
  json question{{"command", "enrolment look"}, {"id", id}, {"token", token}};
  if (route == RouteId::kEnrolLook) return question;
  question["command"] = "enrolment claim";
  for (const char* key : {"public_key", "password", "signature"}) {
    question[key] = text_of(said, key);
    if (!base64url_decode(question[key].get<std::string>())) return std::nullopt;
  }
  return question;
}

bool is_of_us(const json& answer) { return text_of(answer, "state") != "unknown"; }

Response newcomer_response(RouteId route, const json& answer, hub::IndexReader& reader) {
  const std::string state = text_of(answer, "state");
  if (state == "unknown") {
    return error_response(404, "unknown", "there is no such enrolment: scan the code anew");
  }
  if (state != "open" && state != "enrolled") return gone(state);
  JsonWriter out;
  out.begin_object().member("name", text_of(answer, "name"));
  if (route == RouteId::kEnrol) {
    out.member("device_id", text_of(answer, "device_id"));
  } else {
    out.member("expires_at_us", answer.value("expires_at_us", std::int64_t{0}));
  }
  out.key("projects").begin_array();
  for (const std::string& text : answer.value("projects", std::vector<std::string>())) {
    const auto project = reader.project(ProjectId::parse(text).value_or(ProjectId()));
    if (!project.ok()) return response_of(project.error());
    out.begin_object().member("id", text).member("name", project->name);
    out.member("name_en", project->name_en).member("time_zone", project->time_zone);
    out.member("areas", project->areas).member("stages", project->stages).end_object();
  }
  out.end_array().end_object();
  return json_response(std::move(out).take());
}

Response hub_refusal(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kNotFound: return not_found_response();
    case ErrorKind::kInvalidArgument: return bad_request(error.message());
    case ErrorKind::kResourceExhausted:
      return error_response(409, "too_many", "too many enrolments are open: cancel some");
    default: break;
  }
  auto response = error_response(503, "unavailable", "the hub does not answer: try again");
  response.add("Retry-After", "2");
  response.cause = error.message();
  return response;
}

}  // namespace sitecast::gateway
