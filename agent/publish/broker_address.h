// SPDX-License-Identifier: Apache-2.0
// Where the broker is: a URL as people write it into agent.toml, checked before anything connects.
// Thread-safe: plain value, pure function.
#pragma once

#include <cstdint>
#include <string>

#include "proto/base/result.h"

namespace sitecast::agent {

// mqtt://HOST:PORT (this machine only) or mqtts://HOST:PORT.
struct BrokerAddress {
  bool tls = false;
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
};

// kInvalidArgument: says what is wrong, also for a plain address that is not this machine's:
// `localhost`, one of 127.0.0.0/8, or ::1, literally. Names are not resolved here, so that nobody
// who answers for a name decides where passwords go unencrypted.
Result<BrokerAddress> parse_broker_url(const std::string& url);

}  // namespace sitecast::agent
