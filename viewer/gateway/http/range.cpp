// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/range.h"

#include <algorithm>

#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {

RangeAnswer parse_range(std::string_view range_field, std::uint64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range_field.starts_with(kUnit)) return WholeRange{};
  const auto spec = range_field.substr(kUnit.size());
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return WholeRange{};
  const auto first_text = spec.substr(0, dash);
  const auto last_text = spec.substr(dash + 1);

  if (first_text.empty()) {  // the last n bytes
    const auto suffix = parse_unsigned(last_text);
    if (!suffix) return WholeRange{};
    if (*suffix == 0 || size_bytes == 0) return UnsatisfiableRange{};
    const auto size = std::min(*suffix, size_bytes);
    return ByteRange{size_bytes - size, size};
  }
  const auto first = parse_unsigned(first_text);
  if (!first) return WholeRange{};
  std::uint64_t last = size_bytes == 0 ? 0 : size_bytes - 1;
  if (!last_text.empty()) {
    const auto stated = parse_unsigned(last_text);
    if (!stated || *stated < *first) return WholeRange{};
    last = std::min(last, *stated);
  }
  if (*first >= size_bytes) return UnsatisfiableRange{};
  return ByteRange{*first, last - *first + 1};
}

std::vector<hub::MediaRange> slice(const std::vector<hub::MediaRange>& pieces, ByteRange range) {
  std::vector<hub::MediaRange> result;
  std::uint64_t skip = range.first;
  std::uint64_t left = range.size_bytes;
  for (const auto& piece : pieces) {
    if (left == 0) break;
    if (skip >= piece.size_bytes) {
      skip -= piece.size_bytes;
      continue;
    }
    const auto size = std::min(left, piece.size_bytes - skip);
    result.push_back({piece.offset + skip, size});
    left -= size;
    skip = 0;
  }
  return result;
}

}  // namespace sitecast::gateway
