// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/request_handlers.h"

#include "proto/base/day.h"
#include "proto/codec/request_state.h"
#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint32_t kRequests = 200;

v1::Event event_of(const hub::EventInfo& info) {
  v1::Event event;
  if (!event.ParseFromArray(info.event_bytes.data(), static_cast<int>(info.event_bytes.size()))) {
    event.Clear();
  }
  return event;
}

void write_id(JsonWriter& json, const char* key, const std::string& raw) {
  json.key(key);
  if (const auto id = EventId::from_bytes(raw)) {
    json.value(id->text());
  } else {
    json.value(nullptr);
  }
}

void write_who(JsonWriter& json, const v1::Event& event, DeviceId device) {
  std::optional<std::string> name;
  if (event.has_actor()) {
    const v1::Actor& actor = event.actor();
    name = actor.display_name().empty() ? actor.user() : actor.display_name();
  }
  json.member("by", name).member("device_id", device.text());
}

void write_step(JsonWriter& json, const hub::EventInfo& info, const v1::Event& event) {
  json.begin_object().member("event_id", info.id.text()).member("kind", info.kind);
  json.member("stated_at_us", info.stated_at_us);
  write_who(json, event, info.device);
  write_id(json, "capture_id", event.capture_id());
  json.member("media_time_us", info.media_time_us);
  json.member("shot", event.request_step().shot()).member("text", event.request_step().text());
  json.end_object();
}

void write_request(JsonWriter& json, const hub::RequestInfo& info) {
  const v1::Event event = event_of(info.event);
  const v1::ShotRequest& request = event.request();
  RequestProgress progress(request);
  std::vector<v1::Event> steps;
  for (const hub::EventInfo& step : info.steps) {
    steps.push_back(event_of(step));
    progress.add(step.kind, steps.back().request_step());
  }
  json.begin_object().member("id", info.event.id.text());
  json.member("state", name_of(progress.state()));
  json.member("text", request.text()).member("area", event.area());
  std::optional<std::string> due;
  if (request.has_due_day()) due = day_text(request.due_day());
  json.member("due", due);
  write_id(json, "asked_device_id", request.device_id());
  json.member("stated_at_us", info.event.stated_at_us);
  write_who(json, event, info.event.device);
  json.key("shots").begin_array();
  for (int i = 0; i < request.shots_size(); ++i) {
    const bool answered = progress.answered_shots().count(static_cast<std::uint32_t>(i + 1)) > 0;
    json.begin_object().member("text", request.shots(i)).member("answered", answered).end_object();
  }
  json.end_array().key("steps").begin_array();
  for (std::size_t i = 0; i < steps.size(); ++i) write_step(json, info.steps[i], steps[i]);
  json.end_array().end_object();
}

}  // namespace

Response show_requests(const ReadContext& context) {
  const auto requests = context.reader.requests(context.project, true, kRequests);
  if (!requests.ok()) return response_of(requests.error());
  JsonWriter json;
  json.begin_object().key("requests").begin_array();
  for (const hub::RequestInfo& request : *requests) write_request(json, request);
  json.end_array().end_object();
  return json_response(std::move(json).take());
}

}  // namespace sitecast::gateway
