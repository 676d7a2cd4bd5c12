// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/cursor.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kCursorBytes = 1 + kTimeBytes + kIdBytes;
constexpr std::size_t kCursorText = 34;  // 25 bytes in base64url without padding

}  // namespace

std::string encode_cursor(const Cursor& cursor) {
  Bytes bytes{kVersion};
  const auto time = static_cast<std::uint64_t>(cursor.captured_at_us);
  for (std::size_t i = 0; i < kTimeBytes; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(time >> (8 * (kTimeBytes - 1 - i))));
  }
  const auto id = cursor.capture.bytes();
  bytes.insert(bytes.end(), id.begin(), id.end());
  return base64url_encode(bytes);
}

std::optional<Cursor> decode_cursor(std::string_view text) {
  if (text.size() != kCursorText) return std::nullopt;
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() != kCursorBytes || bytes->front() != kVersion) return std::nullopt;
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) time = time << 8 | (*bytes)[1 + i];
  const auto id = CaptureId::from_bytes(ByteView(*bytes).subspan(1 + kTimeBytes));
  if (!id) return std::nullopt;
  return Cursor{static_cast<std::int64_t>(time), *id};
}

}  // namespace sitecast::gateway
