// SPDX-License-Identifier: Apache-2.0
// What a text is found by. Chinese, Japanese and Korean have no spaces between words, so each two
// neighbouring characters of a run are a token ("主体结构": 主体, 体结, 结构, 构; the last one
// alone, so that a single character is the beginning of a token wherever it stands). Letters and
// digits of other scripts are words, found by their beginning. Case, full-width forms and the
// accents of nobody are looked past. Thread-safe: pure functions; text that is not UTF-8 is skipped
// bytewise.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitecast::hub {

// The tokens of a text: letters, digits and bytes from 0x80 on, nothing else.
std::set<std::string> search_tokens(std::string_view text);

// What somebody typed. A text matches when it holds every term.
class SearchWords {
 public:
  static SearchWords parse(std::string_view typed);

  // Nothing that could be looked for.
  [[nodiscard]] bool empty() const { return terms_.empty(); }
  struct Token {
    std::string text;
    bool prefix = false;  // its beginning is enough
  };
  // All of these are in a text that matches; not the other way round.
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  // `tokens` in order without repetition is at most this many.
  static constexpr std::size_t kMostTokens = 64;

  [[nodiscard]] bool matches(std::string_view text) const;
  // Where the terms stand in the text, in bytes, in order and without overlap.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> marks(std::string_view text) const;

 private:
  std::vector<std::u32string> terms_;  // folded
  std::vector<Token> tokens_;
};

}  // namespace sitecast::hub
