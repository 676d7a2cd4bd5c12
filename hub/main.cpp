// SPDX-License-Identifier: Apache-2.0
#include "hub/cli.h"

int main(int argc, char** argv) { return sitecast::hub::run_command_line(argc, argv); }
