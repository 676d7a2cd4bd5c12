// SPDX-License-Identifier: Apache-2.0
// What lies between the bytes that leave the encoder and the bytes that reach the page. Blocking,
// single-threaded; each chunk ends with a mark and CLOCK_REALTIME in ns (viewer.h).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/base/result.h"

namespace sitecast::bench {

// Prints {"captures":[ids]} and sends each of them 30 chunks a second, evenly spread, for so long.
Status run_send(std::uint16_t broker_port, const std::string& accounts, std::size_t captures,
                double seconds);
// The same bytes through one TCP connection to a process that sends them back: round trips.
Result<nlohmann::json> run_echo(double seconds);

}  // namespace sitecast::bench
