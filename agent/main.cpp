// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "agent/app.h"

namespace {

sitecast::agent::StopSignal* stop_signal = nullptr;

extern "C" void on_signal(int) { stop_signal->raise(); }

}  // namespace

int main(int argc, char** argv) {
  const auto line = sitecast::agent::parse_command_line(argc, argv);
  if (const int* code = std::get_if<int>(&line)) return *code;
  static sitecast::agent::StopSignal stop;  // outlives every thread that a late signal may hit
  stop_signal = &stop;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return sitecast::agent::run_app(std::get<sitecast::agent::CommandLine>(line), stop);
}
