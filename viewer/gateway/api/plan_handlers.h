// SPDX-License-Identifier: Apache-2.0
// GET …/plan: a project's plan against what was seen. Runs on a read thread.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

Response show_plan(const ReadContext& context);

}  // namespace sitecast::gateway
