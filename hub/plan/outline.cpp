// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/outline.h"

#include <algorithm>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::string_view kChineseDigits[] = {"一", "二", "三", "四", "五", "六",
                                               "七", "八", "九", "十", "百", "零"};
constexpr std::string_view kCircled[] = {"①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨", "⑩",
                                         "⑪", "⑫", "⑬", "⑭", "⑮", "⑯", "⑰", "⑱", "⑲", "⑳"};

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

template <std::size_t N>
std::size_t run_of(std::string_view text, std::size_t at, const std::string_view (&characters)[N]) {
  const std::size_t begin = at;
  bool found = true;
  while (found) {
    found = false;
    for (const std::string_view character : characters) {
      if (text.substr(at).starts_with(character)) {
        at += character.size();
        found = true;
        break;
      }
    }
  }
  return at - begin;
}

bool ends_number(std::string_view rest, bool alone) {
  if (rest.empty()) return alone;
  for (const std::string_view mark : {"、", ".", ")", " ", ":", "。"}) {
    if (rest.starts_with(mark)) return !alone || rest.size() == mark.size();
  }
  return false;
}

}  // namespace

std::optional<NumberStyle> number_style(std::string_view text, bool alone) {
  const std::string number = plain(text);
  std::size_t at = 0;
  const bool bracket = number.starts_with("(");
  if (bracket) at = 1;
  const auto closed = [&](std::size_t end) {
    if (!bracket) return ends_number(std::string_view(number).substr(end), alone);
    return std::string_view(number).substr(end).starts_with(")") &&
           (!alone || end + 1 == number.size());
  };
  if (const std::size_t size = run_of(number, at, kChineseDigits); size > 0) {
    if (!closed(at + size)) return std::nullopt;
    return NumberStyle{bracket ? "(一)" : "一"};
  }
  if (const std::size_t size = run_of(number, at, kCircled); size > 0 && !bracket) {
    return NumberStyle{"①"};
  }
  std::size_t parts = 0;
  while (at < number.size() && is_digit(number[at])) {
    const std::size_t begin = at;
    while (at < number.size() && is_digit(number[at])) ++at;
    if (at - begin > 6) return std::nullopt;
    ++parts;
    if (at + 1 >= number.size() || (number[at] != '.' && number[at] != '-') ||
        !is_digit(number[at + 1])) {
      break;
    }
    ++at;
  }
  if (parts > 0) {
    const bool ends = closed(at) || (!bracket && parts > 1 && !alone);
    if (!ends) return std::nullopt;
    return NumberStyle{bracket ? "(1)" : "1", parts};
  }
  if (alone && at + 1 <= number.size() && number[at] >= 'a' && number[at] <= 'z' &&
      closed(at + 1)) {
    return NumberStyle{bracket ? "(a)" : "a"};
  }
  return std::nullopt;
}

std::uint32_t Outline::level_of(const NumberStyle& number) {
  // 1.1 goes below 1; 2 closes 1.1.
  const auto same = std::find_if(open_.begin(), open_.end(), [&](const NumberStyle& open) {
    return open.style == number.style && open.parts >= number.parts;
  });
  open_.erase(same, open_.end());
  open_.push_back(number);
  return static_cast<std::uint32_t>(open_.size());
}

std::uint32_t Outline::level_of_indent(std::size_t indent) {
  while (!indents_.empty() && indents_.back() >= indent) indents_.pop_back();
  indents_.push_back(indent);
  return static_cast<std::uint32_t>(indents_.size());
}

}  // namespace sitecast::hub
