// SPDX-License-Identifier: Apache-2.0
#include "hub/index/search_words.h"

#include <algorithm>

#include "proto/base/text.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kLongestWord = 24;  // characters; what follows is compared, not indexed

struct Letter {
  char32_t folded;
  std::size_t at;  // byte
};

char32_t decode(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  char32_t code = lead < 0x80   ? lead
                  : lead < 0xE0 ? lead & 0x1F
                  : lead < 0xF0 ? lead & 0xF
                                : lead & 7;
  for (const char c : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

// One character for one, so that places in the folded text are places in the text.
char32_t fold(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;  // full-width forms of ASCII
  if (c == 0x3000) return ' ';
  const bool capital = (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
                       (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F);
  if (capital) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  if (c >= 0x100 && c <= 0x137) return c | 1;
  return c;
}

bool is_ideograph(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3134F);
}

bool is_of_word(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  // Letters of European and neighbouring scripts; punctuation and symbols part words.
  return !is_ideograph(c) && c >= 0xDF && c != 0xF7 && !(c >= 0x2000 && c <= 0x2BFF) &&
         !(c >= 0x3000 && c <= 0x303F) && c < 0xFE00;
}

std::vector<Letter> letters(std::string_view text) {
  std::vector<Letter> all;
  all.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_sequence_size(text.substr(at));
    all.push_back({size == 0 ? U' ' : fold(decode(text.substr(at, size))), at});
    at += std::max<std::size_t>(size, 1);
  }
  return all;
}

// Calls word(begin, end) and ideographs(begin, end) for each run.
template <typename At, typename Word, typename Ideographs>
void each_run(std::size_t size, At at, Word word, Ideographs ideographs) {
  for (std::size_t begin = 0; begin < size;) {
    std::size_t end = begin;
    const auto run = [&](auto belongs) {
      while (end < size && belongs(at(end))) ++end;
      return end > begin;
    };
    if (run(is_of_word)) {
      word(begin, end);
    } else if (run(is_ideograph)) {
      ideographs(begin, end);
    } else {
      ++end;
    }
    begin = end;
  }
}

template <typename At>
std::string text_of(At at, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) append_utf8(text, at(i));
  return text;
}

}  // namespace

std::set<std::string> search_tokens(std::string_view text) {
  const auto all = letters(text);
  const auto at = [&](std::size_t i) { return all[i].folded; };
  std::set<std::string> tokens;
  each_run(
      all.size(), at,
      [&](std::size_t begin, std::size_t end) {
        tokens.insert(text_of(at, begin, std::min(end, begin + kLongestWord)));
      },
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          tokens.insert(text_of(at, i, std::min(i + 2, end)));
        }
      });
  return tokens;
}

SearchWords SearchWords::parse(std::string_view typed) {
  SearchWords words;
  std::u32string term;
  const auto add_token = [&](std::string text, bool prefix) {
    const bool known =
        std::any_of(words.tokens_.begin(), words.tokens_.end(),
                    [&](const Token& one) { return one.text == text && one.prefix == prefix; });
    if (!known && words.tokens_.size() < kMostTokens) {
      words.tokens_.push_back({std::move(text), prefix});
    }
  };
  const auto end_term = [&] {
    const auto at = [&](std::size_t i) { return term[i]; };
    bool any = false;
    each_run(
        term.size(), at,
        [&](std::size_t begin, std::size_t end) {
          any = true;
          // What follows the term in a text may go on with its last word.
          const std::size_t until = std::min(end, begin + kLongestWord);
          add_token(text_of(at, begin, until), end == term.size() && until == end);
        },
        [&](std::size_t begin, std::size_t end) {
          any = true;
          for (std::size_t i = begin; i + 1 < end; ++i) add_token(text_of(at, i, i + 2), false);
          if (end - begin == 1) add_token(text_of(at, begin, end), true);
        });
    if (any) words.terms_.push_back(term);
    term.clear();
  };
  for (const Letter& letter : letters(typed)) {
    if (letter.folded <= ' ') {
      end_term();
    } else {
      term += letter.folded;
    }
  }
  end_term();
  return words;
}

std::vector<std::pair<std::size_t, std::size_t>> SearchWords::marks(std::string_view text) const {
  const auto all = letters(text);
  std::u32string folded;
  for (const Letter& letter : all) folded += letter.folded;
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const std::u32string& term : terms_) {
    for (std::size_t at = folded.find(term); at != std::u32string::npos;
         at = folded.find(term, at + 1)) {
      if (at > 0 && is_of_word(term[0]) && is_of_word(folded[at - 1])) continue;  // inside a word
      const std::size_t end = at + term.size();
      found.emplace_back(all[at].at, end < all.size() ? all[end].at : text.size());
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::pair<std::size_t, std::size_t>> apart;
  for (const auto& [begin, end] : found) {
    if (!apart.empty() && begin <= apart.back().second) {
      apart.back().second = std::max(apart.back().second, end);
    } else {
      apart.emplace_back(begin, end);
    }
  }
  return apart;
}

bool SearchWords::matches(std::string_view text) const {
  const auto all = letters(text);
  std::u32string folded;
  for (const Letter& letter : all) folded += letter.folded;
  return std::all_of(terms_.begin(), terms_.end(), [&](const std::u32string& term) {
    for (std::size_t at = folded.find(term); at != std::u32string::npos;
         at = folded.find(term, at + 1)) {
      if (at == 0 || !is_of_word(term[0]) || !is_of_word(folded[at - 1])) return true;
    }
    return false;
  });
}

}  // namespace sitecast::hub
