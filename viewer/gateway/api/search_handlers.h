// SPDX-License-Identifier: Apache-2.0
// What was said and filmed, by its words. Runs on a read thread.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

Response search_project(const ReadContext& context);
// In all projects that are theirs; the guard is asked for each.
Response search_all(const ReadContext& context);

}  // namespace sitecast::gateway
