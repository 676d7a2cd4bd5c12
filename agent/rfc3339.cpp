// SPDX-License-Identifier: Apache-2.0
#include "agent/rfc3339.h"

#include <charconv>
#include <ctime>

namespace sitecast::agent {
namespace {

// Takes `digits` digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
  if (error != std::errc() || end != text.data() + digits || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}
bool take_mark(std::string_view& text, char mark) {
  if (text.empty() || (text[0] | 0x20) != (mark | 0x20)) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t take_fraction_us(std::string_view& text) {
  std::int64_t us = 0;
  for (std::int64_t unit = 100'000; !text.empty() && text[0] >= '0' && text[0] <= '9'; unit /= 10) {
    us += unit * (text[0] - '0');
    text.remove_prefix(1);
  }
  return us;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339_us(std::string_view text) {
  std::tm time{};
  std::int64_t fraction_us = 0;
  if (!take_number(text, 4, time.tm_year) || !take_mark(text, '-') ||
      !take_number(text, 2, time.tm_mon) || !take_mark(text, '-') ||
      !take_number(text, 2, time.tm_mday) || !take_mark(text, 'T') ||
      !take_number(text, 2, time.tm_hour) || !take_mark(text, ':') ||
      !take_number(text, 2, time.tm_min) || !take_mark(text, ':') ||
      !take_number(text, 2, time.tm_sec)) {
    return std::nullopt;
  }
  if (time.tm_year < 1970 || time.tm_mon < 1 || time.tm_mon > 12 || time.tm_mday < 1 ||
      time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 60) {
    return std::nullopt;
  }
  if (take_mark(text, '.')) fraction_us = take_fraction_us(text);
  int offset_s = 0;
  if (!take_mark(text, 'Z')) {
    const int sign = !text.empty() && text[0] == '-' ? -1 : 1;
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    text.remove_prefix(1);
    int hours = 0, minutes = 0;
    if (!take_number(text, 2, hours) || !take_mark(text, ':') || !take_number(text, 2, minutes) ||
        hours > 23 || minutes > 59) {
      return std::nullopt;
    }
    offset_s = sign * (hours * 3600 + minutes * 60);
  }
  if (!text.empty()) return std::nullopt;
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  const int day = time.tm_mday;
  const std::time_t seconds = ::timegm(&time);
  if (time.tm_mday != day) return std::nullopt;  // the 31st of a month that has none
  return (static_cast<std::int64_t>(seconds) - offset_s) * 1'000'000 + fraction_us;
}

}  // namespace sitecast::agent
