// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/person.h"

#include "proto/base/id.h"
#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {

Speaker speaker_of(Role role) {
  switch (role) {
    case Role::kCentre: return Speaker::kCentre;
    case Role::kAgent: return Speaker::kAgent;
    case Role::kOwner: return Speaker::kOwner;
  }
  return Speaker::kOwner;
}

Status sign(v1::Event& event, const Person& person, std::int64_t now_us) {
  event.set_stated_at_us(now_us);
  event.mutable_actor()->set_user(person.user);
  event.mutable_actor()->set_display_name(person.display_name);
  return check_event(event);
}

Response not_stated(const Error& error) {
  if (error.kind() == ErrorKind::kInvalidArgument) {
    return error_response(400, "invalid_argument", error.message());
  }
  if (error.kind() == ErrorKind::kFailedPrecondition) {
    return error_response(409, "conflict", error.message());
  }
  auto response = error_response(
      503, "unavailable", "the centre's archive cannot take it right now: keep it, try again");
  response.add("Retry-After", "5");
  response.cause = error.message();
  return response;
}

Response stated(const std::string& event_id) {
  JsonWriter json;
  json.begin_object();
  json.member("id", EventId::from_bytes(event_id).value_or(EventId()).text());
  json.end_object();
  auto response = json_response(std::move(json).take());
  response.status = 201;
  return response;
}

}  // namespace sitecast::gateway
