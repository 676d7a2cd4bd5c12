// SPDX-License-Identifier: Apache-2.0
// Moments as people write them (RFC 3339 section 5.6). Thread-safe: pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sitecast::agent {

// Unix microseconds of e.g. 2026-04-13T14:05:00.5+08:00; nullopt when it is not one.
std::optional<std::int64_t> parse_rfc3339_us(std::string_view text);

}  // namespace sitecast::agent
