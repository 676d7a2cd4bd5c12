// SPDX-License-Identifier: Apache-2.0
// Byte ranges (RFC 9110 section 14). One range is honoured; several at once, other units and
// malformed fields are ignored, as the section allows, and answered with the whole. Thread-safe:
// pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "hub/index/segment.h"

namespace sitecast::gateway {

struct WholeRange {};
struct UnsatisfiableRange {};
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size_bytes = 0;  // at least 1, within the representation
};
using RangeAnswer = std::variant<WholeRange, UnsatisfiableRange, ByteRange>;

RangeAnswer parse_range(std::string_view range_field, std::uint64_t size_bytes);

// The part [range.first, +size) of the concatenation of `pieces`.
std::vector<hub::MediaRange> slice(const std::vector<hub::MediaRange>& pieces, ByteRange range);

}  // namespace sitecast::gateway
