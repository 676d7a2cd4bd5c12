// SPDX-License-Identifier: Apache-2.0
// 128-bit identifiers (UUIDv7, RFC 9562 section 5.7): 48 bits of unix milliseconds, the rest
// random. Text form everywhere (topics, URLs, JSON, file names): 22 characters of base64url. Strong
// types: a ProjectId never passes for a CaptureId. Thread-safe.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"

namespace sitecast {

inline constexpr std::size_t kIdBytes = 16;
inline constexpr std::size_t kIdTextSize = 22;

// Fills `out` with a new UUIDv7. Monotonic within the process: a later call compares greater, also
// when the wall clock steps back.
void fill_uuid_v7(std::array<std::uint8_t, kIdBytes>& out);

template <typename Tag>
class Id {
 public:
  Id() = default;  // nil

  static Id make() {
    Id id;
    fill_uuid_v7(id.bytes_);
    return id;
  }
  // nullopt unless exactly 16 bytes.
  static std::optional<Id> from_bytes(ByteView bytes) {
    if (bytes.size() != kIdBytes) return std::nullopt;
    Id id;
    std::memcpy(id.bytes_.data(), bytes.data(), kIdBytes);
    return id;
  }
  static std::optional<Id> from_bytes(std::string_view bytes) {
    return from_bytes(as_bytes(bytes));
  }
  // nullopt unless exactly 22 valid characters.
  static std::optional<Id> parse(std::string_view text) {
    if (text.size() != kIdTextSize) return std::nullopt;
    const auto bytes = base64url_decode(text);
    return bytes ? from_bytes(ByteView(*bytes)) : std::nullopt;
  }

  [[nodiscard]] ByteView bytes() const { return bytes_; }
  [[nodiscard]] std::string raw() const { return to_string(ByteView(bytes_)); }
  [[nodiscard]] std::string text() const { return base64url_encode(bytes_); }
  [[nodiscard]] bool is_nil() const { return *this == Id(); }

  auto operator<=>(const Id&) const = default;

 private:
  std::array<std::uint8_t, kIdBytes> bytes_{};
};

using ProjectId = Id<struct ProjectTag>;
using DeviceId = Id<struct DeviceTag>;
using CaptureId = Id<struct CaptureTag>;
using EventId = Id<struct EventTag>;

}  // namespace sitecast

template <typename Tag>
struct std::hash<sitecast::Id<Tag>> {
  std::size_t operator()(const sitecast::Id<Tag>& id) const noexcept {
    std::size_t value = 0;  // the tail is random
    std::memcpy(&value, id.bytes().data() + sitecast::kIdBytes - sizeof value, sizeof value);
    return value;
  }
};
