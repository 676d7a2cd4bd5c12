// SPDX-License-Identifier: Apache-2.0
// sitecast-linkemu: README.md beside this file.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "proto/base/file.h"
#include "tests/support/link/pump.h"

namespace {

using namespace sitecast;  // NOLINT(google-build-using-namespace)

constexpr std::uint64_t kScheduleBytes = 1 << 20;
constexpr int kBeforeOthers = -15;  // a packet's moment is the measure of everything else

Result<std::deque<link::Planned>> read_schedule(const std::string& path) {
  if (path.empty()) return std::deque<link::Planned>();
  SC_TRY_ASSIGN(const Bytes text, read_file(path, kScheduleBytes));
  return link::parse_schedule(as_text(text));
}

Status run(std::uint64_t seed, const std::string& schedule_path,
           const std::vector<std::string>& settings) {
  SC_TRY_ASSIGN(std::deque<link::Planned> schedule, read_schedule(schedule_path));
  link::Link link(seed);
  for (const std::string& setting : settings) SC_TRY(link.apply(setting, link::monotonic_ns()));
  SC_TRY_ASSIGN(link::NamespaceEnd device, link::NamespaceEnd::make(link::kDeviceAddress));
  SC_TRY_ASSIGN(link::NamespaceEnd hub, link::NamespaceEnd::make(link::kHubAddress));
  ::setpriority(PRIO_PROCESS, 0, kBeforeOthers);
  const nlohmann::json ready = {{"seed", seed},
                                {"device_netns", device.path()},
                                {"hub_netns", hub.path()},
                                {"device_address", link::kDeviceAddress},
                                {"hub_address", link::kHubAddress}};
  std::printf("%s\n", ready.dump().c_str());
  std::fflush(stdout);
  return link::Pump(link, device, hub, std::move(schedule)).run();
}

}  // namespace

int main(int argument_count, char** arguments) {
  CLI::App app("A link between two network namespaces; takes commands on stdin, ends with it.");
  std::uint64_t seed = std::random_device{}();
  std::string schedule;
  std::vector<std::string> settings;
  app.add_option("--seed", seed, "of everything that chance decides");
  app.add_option("--schedule", schedule, "file of lines SECONDS COMMAND");
  app.add_option("--set", settings, "a command before the start, may be repeated");
  CLI11_PARSE(app, argument_count, arguments);
  if (const Status done = run(seed, schedule, settings); !done.ok()) {
    std::fprintf(stderr, "sitecast-linkemu: %s\n", done.error().message().c_str());
    return 1;
  }
  return 0;
}
