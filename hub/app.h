// SPDX-License-Identifier: Apache-2.0
// The running hub: builds all parts, and takes them down in the order of the data. See
// hub/README.md, "Threads".
#pragma once

#include <memory>

#include "hub/config.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// Runs until SIGTERM or SIGINT, then drains: what has arrived is archived and receipted before it
// returns. Prints `ready` on stdout when it serves. Blocks those signals in all threads.
Status run_hub(const HubConfig& config);

}  // namespace sitecast::hub
