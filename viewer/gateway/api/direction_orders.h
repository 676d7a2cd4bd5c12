// SPDX-License-Identifier: Apache-2.0
// What people point at, say and ask: from the request's body to the event that is to be stated, or
// a refusal. On a read thread, after the guard. Thread-safe: pure functions on the caller's reader.
#pragma once

#include <variant>

#include "hub/index/reader.h"
#include "viewer/gateway/api/person.h"
#include "viewer/gateway/http/message.h"
#include "viewer/gateway/routes.h"

namespace sitecast::gateway {

bool is_direction(RouteId route);

// `capture`: of the route, nil: it is the project's. The event is signed.
std::variant<Response, v1::Event> direction_event(hub::IndexReader& reader, ProjectId project,
                                                  CaptureId capture, const Request& request,
                                                  const Person& person, std::int64_t now_us);

}  // namespace sitecast::gateway
