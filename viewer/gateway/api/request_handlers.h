// SPDX-License-Identifier: Apache-2.0
// What a project's people ask to be filmed, and what became of it. On a read thread, after the
// guard. Thread-safe: pure functions on the caller's reader.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

Response show_requests(const ReadContext& context);

}  // namespace sitecast::gateway
