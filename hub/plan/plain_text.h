// SPDX-License-Identifier: Apache-2.0
// Text as people type it into sheets, made comparable. UTF-8 in and out; input that is no UTF-8 is
// not repaired. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitecast::hub {

bool is_utf8(std::string_view text);
// Without white space at both ends; no-break and ideographic spaces count as such.
std::string_view trimmed(std::string_view text);
// Full-width forms become ASCII, other spaces and line ends one ASCII space.
std::string half_width(std::string_view text);
// As written, but trimmed and with one space for each run of line ends, tabs and spaces.
std::string one_line(std::string_view text);
// half_width, trimmed, ASCII letters small.
std::string plain(std::string_view text);
// The same without any white space.
std::string squeezed(std::string_view text);
bool has(std::string_view text, std::string_view part);
bool has_any(std::string_view text, std::initializer_list<std::string_view> parts);
bool is_any(std::string_view text, std::initializer_list<std::string_view> whole);
// A whole finite decimal number, also with thousands commas; nothing else.
std::optional<double> number_in(std::string_view text);
// The first `bytes` bytes, cut between characters.
std::string_view beginning(std::string_view text, std::size_t bytes);
// 5, 4.5: no more digits than needed.
std::string number_text(double number);

}  // namespace sitecast::hub
