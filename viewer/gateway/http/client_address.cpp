// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace sitecast::gateway {
namespace {

bool is_trusted(const std::string& address, const std::vector<std::string>& trusted) {
  return std::find(trusted.begin(), trusted.end(), address) != trusted.end();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> canonical_address(std::string_view text) {
  const std::string address(text);
  std::array<char, INET6_ADDRSTRLEN> written{};
  in_addr four{};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) {
    ::inet_ntop(AF_INET, &four, written.data(), written.size());
    return std::string(written.data());
  }
  in6_addr six{};
  if (::inet_pton(AF_INET6, address.c_str(), &six) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&six)) {
    constexpr std::size_t kMappedPrefix = 12;
    ::inet_ntop(AF_INET, &six.s6_addr[kMappedPrefix], written.data(), written.size());
  } else {
    ::inet_ntop(AF_INET6, &six, written.data(), written.size());
  }
  return std::string(written.data());
}

bool is_trusted_proxy(std::string_view peer, const std::vector<std::string>& trusted) {
  const auto address = canonical_address(peer);
  return address && is_trusted(*address, trusted);
}

std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& trusted) {
  if (!is_trusted_proxy(peer, trusted)) return peer;
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const bool is_first = comma == std::string_view::npos;
    const auto address =
        canonical_address(trimmed(is_first ? forwarded_for : forwarded_for.substr(comma + 1)));
    if (!address) return peer;
    if (!is_trusted(*address, trusted)) return *address;
    forwarded_for = is_first ? std::string_view() : forwarded_for.substr(0, comma);
  }
  return peer;
}

}  // namespace sitecast::gateway
