// SPDX-License-Identifier: Apache-2.0
// Paho's own names for the two transports. Thread-safe: pure function.
#pragma once

#include <string>
#include <string_view>

namespace sitecast::gateway {

inline std::string paho_url(const std::string& url) {
  constexpr std::string_view kPlain = "mqtt://";
  constexpr std::string_view kTls = "mqtts://";
  if (url.starts_with(kTls)) return "ssl://" + url.substr(kTls.size());
  return "tcp://" + url.substr(url.starts_with(kPlain) ? kPlain.size() : 0);
}

}  // namespace sitecast::gateway
