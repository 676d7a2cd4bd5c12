// SPDX-License-Identifier: Apache-2.0
// Whose request it is when a proxy passes it on. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitecast::gateway {

// The one way to write an IP address (IPv4 in IPv6 as IPv4), so that two can be compared; nullopt:
// it is none.
std::optional<std::string> canonical_address(std::string_view text);

bool is_trusted_proxy(std::string_view peer, const std::vector<std::string>& trusted);

// The peer itself, unless it is a trusted proxy: then the last address of X-Forwarded-For that is
// not one too. What stands before that was written by whoever sent the request and counts for
// nothing. A field that is absent or malformed leaves the proxy's own address. `trusted` is
// canonical.
std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& trusted);

}  // namespace sitecast::gateway
