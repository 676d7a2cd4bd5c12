// SPDX-License-Identifier: Apache-2.0
// The command line of sitecast-hub. Commands that change records go to the running hub over its
// socket and are done here when none runs.
#pragma once

namespace sitecast::hub {

// Exit code: 0 done, 1 failed (the reason is on stderr).
int run_command_line(int argc, char** argv);

}  // namespace sitecast::hub
