// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/commands.h"

int main(int argc, char** argv) { return sitecast::gateway::run_command_line(argc, argv); }
