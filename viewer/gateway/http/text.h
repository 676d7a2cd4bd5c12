// SPDX-License-Identifier: Apache-2.0
// Small strict text parsers for what comes out of HTTP fields and targets. Thread-safe: pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitecast::gateway {

// Decimal digits only, no sign, no overflow.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
// The same with an optional leading '-'.
std::optional<std::int64_t> parse_signed(std::string_view text);

// Value of the cookie `name` (RFC 6265 section 4.2.1). nullopt when it is absent or named twice:
// two cookies of one name mean that somebody else set one of them.
std::optional<std::string_view> find_cookie(std::string_view cookie_field, std::string_view name);

// Percent-decodes ("+" is a space). nullopt on a broken escape, NUL, or bytes that are not UTF-8.
std::optional<std::string> decode_query_text(std::string_view text);

// application/x-www-form-urlencoded pairs of a query. nullopt when malformed, when a name is
// repeated, or over 16 pairs or 512 bytes in one value.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
std::optional<QueryPairs> parse_query(std::string_view query);

// True when the comma-separated field names `coding` with a weight above 0 (RFC 9110
// section 12.5.3).
bool accepts_encoding(std::string_view accept_encoding, std::string_view coding);

// RFC 3339 in UTC with milliseconds, as EXT-X-PROGRAM-DATE-TIME wants it.
std::string utc_text(std::int64_t unix_us);

// If-None-Match (RFC 9110 section 13.1.2): weak comparison with `etag` (quotes included), or "*".
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace sitecast::gateway
