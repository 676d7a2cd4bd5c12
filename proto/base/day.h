// SPDX-License-Identifier: Apache-2.0
// Days as people write them and as the wire counts them, from 1970-01-01. Thread-safe: pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sitecast {

std::string day_text(std::int32_t day);  // 2026-03-05
// nullopt: not written so, or there is no such day.
std::optional<std::int32_t> parse_day(std::string_view text);

}  // namespace sitecast
