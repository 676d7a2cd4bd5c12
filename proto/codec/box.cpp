// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/box.h"

#include <fmt/format.h>

namespace sitecast {
namespace {

constexpr std::size_t kBoxHeadBytes = 8;

void append_number(Bytes& out, std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
  }
}

}  // namespace

void BoxWriter::u16(std::uint16_t value) { append_number(out_, value, 2); }
void BoxWriter::u32(std::uint32_t value) { append_number(out_, value, 4); }
void BoxWriter::u64(std::uint64_t value) { append_number(out_, value, 8); }

void BoxWriter::set_u32(std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    out_[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i) & 0xff);
  }
}

Result<Box> take_box(ByteView& rest) {
  FieldReader head(rest);
  const std::uint32_t size = head.u32();
  const std::uint32_t type = head.u32();
  if (!head.ok()) return invalid_argument("box head is cut off");
  if (size < kBoxHeadBytes || size > rest.size()) {
    return invalid_argument(
        fmt::format("box of {} bytes does not fit into the {} that are there", size, rest.size()));
  }
  const Box box{type, rest.first(size), rest.subspan(kBoxHeadBytes, size - kBoxHeadBytes)};
  rest = rest.subspan(size);
  return box;
}

Result<std::optional<Box>> optional_child(ByteView content, std::string_view type) {
  std::optional<Box> found;
  while (!content.empty()) {
    SC_TRY_ASSIGN(const Box box, take_box(content));
    if (box.type != fourcc(type)) continue;
    if (found) return invalid_argument(fmt::format("more than one {} box", type));
    found = box;
  }
  return found;
}

Result<Box> only_child(ByteView content, std::string_view type) {
  SC_TRY_ASSIGN(const auto found, optional_child(content, type));
  if (!found) return invalid_argument(fmt::format("no {} box", type));
  return *found;
}

}  // namespace sitecast
