// SPDX-License-Identifier: Apache-2.0
// What each account may do at the broker, in the form of mosquitto's dynamic-security plugin: the
// whole file for a start, and single commands for a running broker. Default deny everywhere. One
// role per account, named like it. Thread-safe: pure functions.
//
// Format: mosquitto 2.0 plugins/dynamic-security (README-dynsec "Configuration" and the $CONTROL
// API).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/enrol/enrolment_db.h"

namespace sitecast::hub {

// dynamic-security.json.
std::string rights_file(const std::vector<BrokerAccount>& accounts);

inline constexpr std::string_view kControlTopic = "$CONTROL/dynamic-security/v1";
inline constexpr std::string_view kControlResponseTopic = "$CONTROL/dynamic-security/v1/response";

// Payloads for kControlTopic; `correlation` comes back in the response. A running broker takes the
// password itself and hashes it.
std::string grant_command(const BrokerAccount& account, std::string_view password,
                          std::string_view correlation);
// Also ends the account's connection.
std::string revoke_command(std::string_view username, std::string_view correlation);

// From a response: its correlation and what went wrong, empty if nothing did. An error that ends
// with `harmless` is none: what was asked for was so already.
struct ControlResponse {
  std::string correlation;
  std::string error;
};
ControlResponse parse_control_response(std::string_view payload, std::string_view harmless = {});

}  // namespace sitecast::hub
