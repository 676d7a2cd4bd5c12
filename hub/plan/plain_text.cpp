// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace sitecast::hub {
namespace {

// The code point at `at` and its length; length 0 where there is no well-formed one.
struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) {
    return static_cast<std::uint8_t>(index < text.size() ? text[index] : 0);
  };
  const std::uint8_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {};
  std::uint32_t code = first & (0x7FU >> size);
  for (std::size_t index = 1; index < size; ++index) {
    const std::uint8_t next = byte(at + index);
    if ((next & 0xC0U) != 0x80) return {};
    code = code << 6U | (next & 0x3FU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, size};
}

bool is_space(std::uint32_t code) {
  return code == ' ' || (code >= 9 && code <= 13) || code == 0xA0 || code == 0x3000 ||
         code == 0xFEFF || (code >= 0x2000 && code <= 0x200B);
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.size == 0) return false;
    at += character.size;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty()) {
    const Character first = character_at(text, 0);
    if (first.size == 0 || !is_space(first.code)) break;
    text.remove_prefix(first.size);
  }
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<std::uint8_t>(text[at]) & 0xC0U) == 0x80) --at;
    const Character last = character_at(text, at);
    if (last.size == 0 || !is_space(last.code)) break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

std::string half_width(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.size == 0) {
      plain += text[at++];
      continue;
    }
    if (is_space(character.code)) {
      if (plain.empty() || plain.back() != ' ') plain += ' ';
    } else if (character.code >= 0xFF01 && character.code <= 0xFF5E) {
      plain += static_cast<char>(character.code - 0xFEE0);
    } else {
      plain += text.substr(at, character.size);
    }
    at += character.size;
  }
  return plain;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char letter : trimmed(text)) {
    const bool space = letter == ' ' || (letter >= 9 && letter <= 13);
    if (!space) {
      line += letter;
    } else if (line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

std::string plain(std::string_view text) {
  std::string half = half_width(text);
  std::string result(trimmed(half));
  std::transform(result.begin(), result.end(), result.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
  });
  return result;
}

std::string squeezed(std::string_view text) {
  std::string result = plain(text);
  std::erase(result, ' ');
  return result;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return has(text, part); });
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> whole) {
  return std::find(whole.begin(), whole.end(), text) != whole.end();
}

std::optional<double> number_in(std::string_view text) {
  std::string digits(trimmed(text));
  if (digits.empty() || digits.size() > 40) return std::nullopt;
  const std::size_t comma = digits.find(',');
  if (comma != std::string::npos) {  // only as a thousands separator: 1,200 or 1,200,000.5
    const std::size_t whole = std::min(digits.find('.'), digits.size());
    if (comma == 0 || comma > 3 || (whole - comma) % 4 != 0) return std::nullopt;
    for (std::size_t at = comma; at < whole; ++at) {
      if (((at - comma) % 4 == 0) != (digits[at] == ',')) return std::nullopt;
    }
    std::erase(digits, ',');
  }
  const char* begin = digits.c_str() + (digits[0] == '+' ? 1 : 0);
  const char* end = digits.c_str() + digits.size();
  double number = 0;
  const auto read = std::from_chars(begin, end, number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xC0U) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::string number_text(double number) {
  if (number == 0) return "0";
  return fmt::format("{:.10g}", number);
}

}  // namespace sitecast::hub
