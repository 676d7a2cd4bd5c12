// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/direction_orders.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "proto/base/day.h"
#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {
namespace {

// The body as it was sent; which of it belongs to the kind is looked at afterwards.
struct Body {
  std::string kind;
  std::optional<EventId> id, request_id;
  std::optional<CaptureId> capture;
  std::optional<DeviceId> device;
  std::optional<std::int64_t> media_time_us;
  std::optional<double> x, y;
  std::optional<std::string> text, area;
  std::optional<std::int32_t> due;
  std::optional<std::uint32_t> shot;
  std::vector<std::string> shots;
};

template <typename AnyId>
bool take_id(const nlohmann::json& value, std::optional<AnyId>& id) {
  if (value.is_string()) id = AnyId::parse(value.get_ref<const std::string&>());
  return id && *id != AnyId();
}

bool take_text(const nlohmann::json& value, std::optional<std::string>& text) {
  if (value.is_string()) text = value.get<std::string>();
  return text.has_value();
}

bool take_shots(const nlohmann::json& value, std::vector<std::string>& shots) {
  if (!value.is_array()) return false;
  for (const auto& shot : value) {
    if (!shot.is_string()) return false;
    shots.push_back(shot.get<std::string>());
  }
  return true;
}

// False: not a field of ours, or not as it should be.
bool take_field(const std::string& key, const nlohmann::json& value, Body& body) {
  if (key == "id") return take_id(value, body.id);
  if (key == "request_id") return take_id(value, body.request_id);
  if (key == "capture_id") return take_id(value, body.capture);
  if (key == "device_id") return take_id(value, body.device);
  if (key == "text") return take_text(value, body.text);
  if (key == "area") return take_text(value, body.area);
  if (key == "shots") return take_shots(value, body.shots);
  if (key == "kind" && value.is_string()) {
    body.kind = value.get<std::string>();
    return true;
  }
  if (key == "media_time_us" && value.is_number_integer()) {
    body.media_time_us = value.get<std::int64_t>();
    return true;
  }
  if ((key == "x" || key == "y") && value.is_number()) {
    (key == "x" ? body.x : body.y) = value.get<double>();
    return true;
  }
  if (key == "shot" && value.is_number_unsigned() && value.get<std::uint64_t>() <= UINT32_MAX) {
    body.shot = value.get<std::uint32_t>();
    return true;
  }
  if (key == "due" && value.is_string()) {
    body.due = parse_day(value.get_ref<const std::string&>());
    return body.due.has_value();
  }
  return false;
}

Result<Body> parse_body(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return invalid_argument("send a statement as JSON");
  Body body;
  for (const auto& [key, value] : json.items()) {
    if (!take_field(key, value, body)) return invalid_argument(key + " is not as it should be");
  }
  if (!body.id) return invalid_argument("id is needed: a UUIDv7 made where it is stated");
  return body;
}

void set_moment(const Body& body, v1::Event& event) {
  if (!body.media_time_us) return;
  event.set_has_media_time(true);
  event.set_media_time_us(*body.media_time_us);
}

Result<v1::Event> make_event(const Body& body, CaptureId capture) {
  v1::Event event;
  event.set_event_id(body.id->raw());
  event.set_kind(body.kind);
  event.set_area(body.area.value_or(""));
  if (!capture.is_nil()) event.set_capture_id(capture.raw());
  if (body.kind == "pin") {
    if (capture.is_nil()) return invalid_argument("a pin is on a capture");
    if (!body.x || !body.y) return invalid_argument("x and y are needed");
    set_moment(body, event);
    event.mutable_pin()->set_x(*body.x);
    event.mutable_pin()->set_y(*body.y);
    event.mutable_pin()->set_text(body.text.value_or(""));
  } else if (body.kind == "message") {
    set_moment(body, event);
    event.mutable_message()->set_text(body.text.value_or(""));
  } else if (body.kind == "request") {
    set_moment(body, event);
    v1::ShotRequest& request = *event.mutable_request();
    request.set_text(body.text.value_or(""));
    if (body.due) request.set_due_day(*body.due);
    if (body.device) request.set_device_id(body.device->raw());
    for (const std::string& shot : body.shots) request.add_shots(shot);
  } else if (body.kind == "request.accepted" || body.kind == "request.answered" ||
             body.kind == "request.closed") {
    if (!body.request_id) return invalid_argument("request_id is needed");
    v1::RequestStep& step = *event.mutable_request_step();
    step.set_request_id(body.request_id->raw());
    step.set_text(body.text.value_or(""));
    step.set_shot(body.shot.value_or(0));
    if (body.kind == "request.answered" && body.capture) {
      event.set_capture_id(body.capture->raw());
      set_moment(body, event);
    }
  } else {
    return invalid_argument("kind is pin, message, request or a step of a request");
  }
  return event;
}

// What it speaks of is there and of the project.
std::optional<Response> refused(hub::IndexReader& reader, ProjectId project, const Body& body) {
  if (body.request_id) {
    const auto request = reader.request(project, *body.request_id);
    if (!request.ok()) return response_of(request.error());
  }
  if (body.kind == "request.answered" && body.capture) {
    const auto owner = reader.project_of(*body.capture);
    if (!owner.ok()) return response_of(owner.error());
    if (*owner != project) return not_found_response();
  }
  return std::nullopt;
}

}  // namespace

bool is_direction(RouteId route) {
  return route == RouteId::kDirect || route == RouteId::kDirectCapture;
}

std::variant<Response, v1::Event> direction_event(hub::IndexReader& reader, ProjectId project,
                                                  CaptureId capture, const Request& request,
                                                  const Person& person, std::int64_t now_us) {
  const auto body = parse_body(request.body);
  if (!body.ok()) return bad_request(body.error().message());
  auto event = make_event(*body, capture);
  if (!event.ok()) return bad_request(event.error().message());
  if (!may_state(speaker_of(person.role), event->kind())) {
    return error_response(403, "role", "that is for others to say");
  }
  if (auto refusal = refused(reader, project, *body)) return std::move(*refusal);
  const Status signed_well = sign(*event, person, now_us);
  if (!signed_well.ok()) return bad_request(signed_well.error().message());
  return std::move(*event);
}

}  // namespace sitecast::gateway
