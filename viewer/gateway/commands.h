// SPDX-License-Identifier: Apache-2.0
// The command line: `sitecast-gateway --config F run | account add|remove|passwd|list …`. Passwords
// come on standard input, never in an argument. Returns the exit code; errors go to stderr.
#pragma once

namespace sitecast::gateway {

int run_command_line(int argc, char** argv);

}  // namespace sitecast::gateway
