// SPDX-License-Identifier: Apache-2.0
// What people state of a plan. On a read thread, after the guard: the request and the state of the
// index become an order or a refusal. On the desk: the order becomes events at the hub, and an
// answer.
#pragma once

#include <functional>
#include <variant>

#include "hub/index/reader.h"
#include "viewer/gateway/api/plan_office.h"
#include "viewer/gateway/http/message.h"
#include "viewer/gateway/routes.h"

namespace sitecast::gateway {

using PlanOrder = std::function<Response(PlanOffice&)>;

std::variant<Response, PlanOrder> plan_order(RouteId route, hub::IndexReader& reader,
                                             ProjectId project, const Request& request,
                                             const Person& person);

}  // namespace sitecast::gateway
