// SPDX-License-Identifier: Apache-2.0
// Byte views and their text forms. Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sitecast {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()),
          text.size()};  // NOLINT(*reinterpret*)
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT(*reinterpret*)
}
inline std::string to_string(ByteView bytes) { return std::string(as_text(bytes)); }

// Base64url without padding (RFC 4648 section 5); decoding refuses padding, whitespace and non-zero
// trailing bits, so that every value has exactly one text.
std::string base64url_encode(ByteView bytes);
std::optional<Bytes> base64url_decode(std::string_view text);
// Standard base64 with padding (RFC 4648 section 4), for formats that demand it.
std::string base64_encode(ByteView bytes);

std::string hex_encode(ByteView bytes);
std::optional<Bytes> hex_decode(std::string_view text);

}  // namespace sitecast
