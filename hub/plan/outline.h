// SPDX-License-Identifier: Apache-2.0
// The outline of a sheet that does not state levels: from how its rows are numbered
// (一、（一）1、(1) 1.1) or indented. Owner thread: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitecast::hub {

// How a number is written, without its value: "一", "(一)", "1", "(1)", "①", "a"; `parts` counts
// the numbers between dots. Nothing when the text begins with no such number.
struct NumberStyle {
  std::string style;
  std::size_t parts = 1;
};
// `alone`: the text is the number and nothing else (a column of numbers). Otherwise the number must
// be followed by 、 . ) or a space.
std::optional<NumberStyle> number_style(std::string_view text, bool alone);

// A style seen before returns to its level; a new one is a level deeper.
class Outline {
 public:
  std::uint32_t level_of(const NumberStyle& number);
  std::uint32_t level_of_indent(std::size_t indent);

 private:
  std::vector<NumberStyle> open_;
  std::vector<std::size_t> indents_;
};

}  // namespace sitecast::hub
