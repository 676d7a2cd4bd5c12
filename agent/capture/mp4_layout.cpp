// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/mp4_layout.h"

#include <array>
#include <string_view>

#include "proto/base/bytes.h"

namespace sitecast::agent {
namespace {

constexpr int kMostBoxes = 64;  // before the first moof

std::uint64_t number(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

bool is_half_fragmented_mp4(const File& file) {
  const auto size = file.size_bytes();
  if (!size.ok()) return false;
  bool media_before = false;
  std::uint64_t at = 0;
  for (int i = 0; i < kMostBoxes && at + 16 <= *size; ++i) {
    std::array<std::uint8_t, 16> header{};
    if (!file.read_at(at, header).ok()) return false;
    const ByteView bytes(header);
    const std::string_view type = as_text(bytes.subspan(4, 4));
    std::uint64_t length = number(bytes.first(4));
    if (length == 1) length = number(bytes.subspan(8, 8));
    if (i == 0 && type != "ftyp") return false;
    if (type == "moof") return media_before;
    if (type == "mdat") media_before = true;
    if (length < 8 || length > *size - at) return false;
    at += length;
  }
  return false;
}

}  // namespace sitecast::agent
