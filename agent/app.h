// SPDX-License-Identifier: Apache-2.0
// One run of sitecast-agent: becomes the owner of the spool, or hands the command to the one that
// is. Owner thread: main. `stop` is raised by signals. Returns the process's exit code.
#pragma once

#include "agent/command_line.h"
#include "agent/stop_signal.h"

namespace sitecast::agent {

int run_app(const CommandLine& line, StopSignal& stop);

}  // namespace sitecast::agent
