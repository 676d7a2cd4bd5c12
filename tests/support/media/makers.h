// SPDX-License-Identifier: Apache-2.0
// What sitecast-testmedia makes. Both block until done.
#pragma once

#include <atomic>
#include <string>

#include "proto/base/result.h"

namespace sitecast::testmedia {

// A clip whose flashes and beeps begin together, once a second from second 1 on.
Status make_flash_beep(const std::string& path, int seconds);

// Feeds shared memory at `socket` with time-coded frames until `stop`. Prints `ready` when a reader
// can connect.
Status run_time_code(const std::string& socket, const std::atomic<bool>& stop);
// The agent's --source that reads it.
std::string time_code_source(const std::string& socket);

}  // namespace sitecast::testmedia
