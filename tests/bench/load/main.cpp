// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-load: load and physical limits for scripts/bench. Each subcommand prints one JSON
// object. See README.md of tests/bench.
#include <CLI/CLI.hpp>
#include <iostream>

#include "tests/bench/load/runs.h"

namespace sitecast::bench {
namespace {

int print(const Result<nlohmann::json>& result) {
  if (!result.ok()) {
    std::cerr << "sitecast-bench-load: " << result.error().message() << "\n";
    return 1;
  }
  std::cout << result->dump() << "\n";
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"Load and physical limits for scripts/bench"};
  app.require_subcommand(1);
  LoadOptions load;
  std::uint16_t port = 0;
  std::string accounts;
  std::string folder;
  auto* ingest = app.add_subcommand("ingest", "one device, as fast as receipts allow");
  auto* publish = app.add_subcommand("publish", "the same messages, no hub (peer)");
  auto* append = app.add_subcommand("append", "append + fdatasync per part (limit)");
  auto* many = app.add_subcommand("devices", "many devices at a steady rate");
  for (auto* command : {ingest, publish, many}) command->add_option("--port", port)->required();
  for (auto* command : {ingest, many}) {
    command->add_option("--accounts", accounts, "JSON file")->required();
  }
  ingest->add_option("--state-dir", folder, "the hub's")->required();
  append->add_option("--dir", folder)->required();
  for (auto* command : {ingest, publish, append}) {
    command->add_option("--part-bytes", load.part_bytes);
    command->add_option("--total-bytes", load.total_bytes)->required();
    command->add_option("--window-bytes", load.window_bytes);
  }
  DevicesOptions devices;
  many->add_option("--seconds", devices.seconds);
  many->add_option("--kbit-per-s", devices.kbit_per_s);
  CLI11_PARSE(app, argc, argv);

  if (ingest->parsed()) return print(run_ingest(load, port, accounts, folder));
  if (publish->parsed()) return print(run_publish(load, port));
  if (append->parsed()) return print(run_append(load, folder));
  return print(run_devices(devices, port, accounts));
}

}  // namespace
}  // namespace sitecast::bench

int main(int argc, char** argv) { return sitecast::bench::run(argc, argv); }
