// SPDX-License-Identifier: Apache-2.0
// Big-endian fields of a message from outside, read from its front. Thread-safety: one owner; the
// bytes must outlive it and what it gives.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace sitecast {

// A read beyond the end yields 0 and makes ok() false from then on.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : rest_(bytes) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  void skip(std::size_t count) { take(count); }
  ByteView take(std::size_t count);
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::uint64_t number(std::size_t size);
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace sitecast
