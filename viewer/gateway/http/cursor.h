// SPDX-License-Identifier: Apache-2.0
// Position in a timeline, opaque to clients: base64url of u8 version = 1 | i64 time, us | id (16),
// big endian. Captures lie at captured_at_us with their id, remarks at stated_at_us with their
// event's. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/id.h"

namespace sitecast::gateway {

struct Cursor {
  std::int64_t captured_at_us = 0;
  CaptureId capture;
  bool operator==(const Cursor&) const = default;
};

std::string encode_cursor(const Cursor& cursor);
// nullopt unless it is exactly what encode_cursor makes.
std::optional<Cursor> decode_cursor(std::string_view text);

}  // namespace sitecast::gateway
