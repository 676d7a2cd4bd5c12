// SPDX-License-Identifier: Apache-2.0
// Enrolling devices: from a request's body to the question for the hub (hub/enrolment_desk.h), and
// from its answer to ours. A token is made here, shown once to who asked for it, and goes on as its
// hash; the device brings it back. Thread-safe: pure functions and the system's random source.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "hub/index/reader.h"
#include "proto/base/id.h"
#include "viewer/gateway/guard.h"
#include "viewer/gateway/http/message.h"
#include "viewer/gateway/live/device_table.h"
#include "viewer/gateway/routes.h"

namespace sitecast::gateway {

bool is_enrolment(RouteId route);  // of a project's centre
bool is_newcomer(RouteId route);   // of a device that holds a token

struct HubQuestion {
  nlohmann::json text;
  std::function<Response(const nlohmann::json& answer)> answer;
};

// For who may decide in `project`; `subject` with its memberships. `tunnel`: browsers can reach the
// broker at all.
std::variant<Response, HubQuestion> enrolment_question(RouteId route, const Request& request,
                                                       const Subject& subject, ProjectId project,
                                                       const DeviceTable& devices, bool tunnel);

// Which devices a project has, for any of its people; the answer stays with us.
nlohmann::json enrolled_question(ProjectId project);
bool is_enrolled(const nlohmann::json& answer, DeviceId device);

// nullopt: not of the form in which we give tokens out.
std::optional<nlohmann::json> newcomer_question(RouteId route, const std::string& body);
// Whether the token was one of ours, in whatever state.
bool is_of_us(const nlohmann::json& answer);
Response newcomer_response(RouteId route, const nlohmann::json& answer, hub::IndexReader& reader);

// 404, 409, 400 or 503, as the hub refused.
Response hub_refusal(const Error& error);

}  // namespace sitecast::gateway
