// SPDX-License-Identifier: Apache-2.0
// How this gateway connects to the broker, the same for all of its connections: MQTT 5, clean,
// TLS with the broker's certificate checked. Thread-safe: pure function.
#pragma once

#include <mqtt/async_client.h>

#include <chrono>

#include "viewer/gateway/live/broker_reader.h"

namespace sitecast::gateway {

inline constexpr auto kBrokerTimeout = std::chrono::seconds(5);  // of each step of connecting

mqtt::connect_options connect_options(const BrokerSettings& settings);

// Waits for a step of connecting; throws mqtt::exception when it fails or takes too long.
void await_step(mqtt::token& token, const char* doing);

}  // namespace sitecast::gateway
