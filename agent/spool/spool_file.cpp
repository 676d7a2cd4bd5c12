// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/spool_file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "agent/spool/record.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {
namespace {

constexpr std::string_view kEnding = ".parts";
constexpr std::size_t kSequenceDigits = 12;

// Takes the text after the last dot off `name`.
std::optional<std::string_view> take_last_field(std::string_view& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto field = name.substr(dot + 1);
  name = name.substr(0, dot);
  return field;
}

template <typename Number>
bool read_number(std::string_view text, int base, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string spool_file_name(std::string_view track, std::uint64_t first, std::uint32_t attempt) {
  return fmt::format("{}.{:012x}.{}{}", track, first, attempt, kEnding);
}

std::optional<SpoolFileName> parse_spool_file_name(std::string_view name) {
  if (name.size() <= kEnding.size() || name.substr(name.size() - kEnding.size()) != kEnding) {
    return std::nullopt;
  }
  name.remove_suffix(kEnding.size());
  const auto attempt = take_last_field(name);
  const auto first = take_last_field(name);
  SpoolFileName parsed;
  if (!attempt || !first || first->size() != kSequenceDigits ||
      !read_number(*attempt, 10, parsed.attempt) || !read_number(*first, 16, parsed.first) ||
      !track_kind(name)) {
    return std::nullopt;
  }
  parsed.track = name;
  return parsed;
}

Result<std::vector<std::uint32_t>> scan_offsets(const File& file, std::uint64_t first,
                                                std::uint64_t count) {
  std::vector<std::uint32_t> offsets{0};
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::array<std::uint8_t, kRecordSequenceOffset + 8> start{};
    SC_TRY(file.read_at(offset, start));
    const auto size = record_size_bytes(start);
    if (!size || record_sequence(start) != first + i) {
      return data_loss(fmt::format("record of part {} is damaged", first + i));
    }
    offset += *size;
    if (offset > std::numeric_limits<std::uint32_t>::max()) return data_loss("file too large");
    offsets.push_back(static_cast<std::uint32_t>(offset));
  }
  return offsets;
}

}  // namespace sitecast::agent
