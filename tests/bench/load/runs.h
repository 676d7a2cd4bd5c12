// SPDX-License-Identifier: Apache-2.0
// What sitecast-bench-load does. Each run makes its parts first and then starts its clock; the
// result is a JSON object. Blocking, single-threaded.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/base/result.h"

namespace sitecast::bench {

struct LoadOptions {
  std::size_t part_bytes = 64 * 1024;
  std::size_t total_bytes = 0;
  std::size_t window_bytes = 16 * 1024 * 1024;  // on their way without an answer
};

// One device, as fast as receipts allow; then reads the archive back and compares every hash.
Result<nlohmann::json> run_ingest(const LoadOptions& load, std::uint16_t port,
                                  const std::string& accounts, const std::string& state_dir);
// The same messages to whoever subscribes: the broker's own limit. Prints `sending` when the clock
// starts.
Result<nlohmann::json> run_publish(const LoadOptions& load, std::uint16_t port);
// Plain append + fdatasync per part: the disk's own limit.
Result<nlohmann::json> run_append(const LoadOptions& load, const std::string& folder);

struct DevicesOptions {
  double seconds = 10;
  std::uint32_t kbit_per_s = 2000;
  std::uint32_t parts_per_second = 30;
};
// All accounts at a steady rate, one after the other within each interval; the time from sending a
// part to its receipt.
Result<nlohmann::json> run_devices(const DevicesOptions& options, std::uint16_t port,
                                   const std::string& accounts);

}  // namespace sitecast::bench
