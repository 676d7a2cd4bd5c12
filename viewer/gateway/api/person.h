// SPDX-License-Identifier: Apache-2.0
// Who states, and as what. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "proto/base/result.h"
#include "proto/codec/event_rules.h"
#include "viewer/gateway/guard.h"
#include "viewer/gateway/http/message.h"

namespace sitecast::gateway {

// As the guard saw them.
struct Person {
  std::string user;
  std::string display_name;
  Role role = Role::kOwner;
};

Speaker speaker_of(Role role);

// Fills in when and who, and checks the event as the hub will.
Status sign(v1::Event& event, const Person& person, std::int64_t now_us);

// The answer to who stated something that is not stored: 400, 409, or 503 with its cause.
Response not_stated(const Error& error);
// 201 with the event's id.
Response stated(const std::string& event_id);

}  // namespace sitecast::gateway
