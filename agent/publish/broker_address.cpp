// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/broker_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

namespace sitecast::agent {
namespace {

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, host.c_str(), four.data()) == 1) return four[0] == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

// Letters, digits, '-', '.' and '_' of a name or an IPv4 address, or an IPv6 address.
bool is_host(const std::string& host) {
  constexpr std::string_view kNameLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return !host.empty() &&
         (host.find_first_not_of(kNameLetters) == std::string::npos || is_ipv6(host));
}

}  // namespace

Result<BrokerAddress> parse_broker_url(const std::string& url) {
  if (url.find('@') != std::string::npos) {  // may hold a password: not shown
    return invalid_argument(
        "must not carry user name and password; they have keys of their own (username, "
        "password_file)");
  }
  BrokerAddress address;
  std::string_view rest = url;
  if (rest.rfind("mqtts://", 0) == 0) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.rfind("mqtt://", 0) == 0) {
    rest.remove_prefix(7);
  } else {
    return invalid_argument(
        fmt::format("'{}' must be mqtts://HOST:PORT, or mqtt://127.0.0.1:PORT", url));
  }
  const auto colon = rest.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() ||
      address.port == 0) {
    return invalid_argument(
        fmt::format("'{}' must end with a port from 1 to 65535, e.g. :8883", url));
  }
  address.host = rest.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (!is_host(address.host)) {
    return invalid_argument(fmt::format(
        "'{}' must have a name or an address, and nothing else, between // and the port", url));
  }
  if (!address.tls && !is_loopback(address.host)) {
    return invalid_argument(
        fmt::format("'{}' is unencrypted, which is only for this machine itself (localhost, "
                    "127.0.0.1, ::1); use "
                    "mqtts://",
                    url));
  }
  // Paho 1.3.12 compares the address with its brackets and never finds it in a certificate.
  if (address.tls && is_ipv6(address.host)) {
    return invalid_argument(fmt::format(
        "'{}' names an IPv6 address, for which no certificate can be checked; use a host name",
        url));
  }
  return address;
}

}  // namespace sitecast::agent
