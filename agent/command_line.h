// SPDX-License-Identifier: Apache-2.0
// The command line of sitecast-agent. Owner thread: main.
#pragma once

#include <filesystem>
#include <variant>

#include "agent/request.h"
#include "agent/words.h"

namespace sitecast::agent {

struct CommandLine {
  std::filesystem::path config;
  bool json = false;
  Language language = Language::kEnglish;
  Request request;  // command "keygen" has nothing else in it
};

// The parsed line, or the exit code when help or a usage error was printed.
std::variant<CommandLine, int> parse_command_line(int argc, const char* const* argv);

}  // namespace sitecast::agent
