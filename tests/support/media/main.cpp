// SPDX-License-Identifier: Apache-2.0
// sitecast-testmedia: README.md beside this file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "agent/gst/pipeline.h"
#include "tests/support/media/makers.h"

namespace {

std::atomic<bool> stop{false};
void on_signal(int) { stop = true; }

}  // namespace

int main(int argument_count, char** arguments) {
  CLI::App app("Makes test sources whose truth is known.");
  app.require_subcommand(1);
  std::string socket;
  bool print_source = false;
  auto* time_code = app.add_subcommand("timecode", "feed shared memory with time-coded frames");
  time_code->add_option("--socket", socket, "path of the socket")->required();
  time_code->add_flag("--print-source", print_source, "print the agent's --source for it and end");
  std::string out;
  int seconds = 20;
  auto* flash_beep = app.add_subcommand("flashbeep", "write a clip of flashes and beeps");
  flash_beep->add_option("--out", out, "file (.mkv)")->required();
  flash_beep->add_option("--seconds", seconds)->check(CLI::Range(2, 3600));
  CLI11_PARSE(app, argument_count, arguments);

  if (print_source) {
    fmt::print("{}\n", sitecast::testmedia::time_code_source(socket));
    return 0;
  }
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  sitecast::Status done = sitecast::gst::initialise();
  if (done.ok()) {
    done = *time_code ? sitecast::testmedia::run_time_code(socket, stop)
                      : sitecast::testmedia::make_flash_beep(out, seconds);
  }
  if (!done.ok()) {
    fmt::print(stderr, "sitecast-testmedia: {}\n", done.error().message());
    return 1;
  }
  return 0;
}
