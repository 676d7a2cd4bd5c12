// SPDX-License-Identifier: Apache-2.0
#include "proto/base/field_reader.h"

namespace sitecast {

ByteView FieldReader::take(std::size_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint64_t FieldReader::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
  return value;
}

}  // namespace sitecast
