// SPDX-License-Identifier: Apache-2.0
// Two files per open track and one socket per connection: the soft limit of 1024 is too low.
#pragma once

#include "proto/base/log.h"

namespace sitecast::hub {

// Raises RLIMIT_NOFILE to its hard limit; warns when that is too low for the tracks kept open.
void raise_file_limit(const Log& log);

}  // namespace sitecast::hub
