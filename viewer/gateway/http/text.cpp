// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "proto/base/text.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kQueryPairs = 16;
constexpr std::size_t kQueryValueBytes = 512;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts the next element off the front of a list separated by `separator`.
std::string_view next_element(std::string_view& list, char separator) {
  const auto end = list.find(separator);
  const auto element = list.substr(0, end);
  list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  return trim(element);
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

template <typename T>
std::optional<T> parse_integer(std::string_view text) {
  T number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || text.empty()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  return parse_integer<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_signed(std::string_view text) {
  return parse_integer<std::int64_t>(text);
}

std::optional<std::string_view> find_cookie(std::string_view cookie_field, std::string_view name) {
  std::optional<std::string_view> found;
  while (!cookie_field.empty()) {
    const auto pair = next_element(cookie_field, ';');
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    if (found) return std::nullopt;
    found = pair.substr(equals + 1);
  }
  return found;
}

std::optional<std::string> decode_query_text(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  if (decoded.find('\0') != std::string::npos || !is_utf8(decoded)) return std::nullopt;
  return decoded;
}

std::optional<QueryPairs> parse_query(std::string_view query) {
  QueryPairs pairs;
  while (!query.empty()) {
    const auto pair = next_element(query, '&');
    if (pair.empty()) continue;
    if (pairs.size() == kQueryPairs) return std::nullopt;
    const auto equals = pair.find('=');
    auto name = decode_query_text(pair.substr(0, equals));
    auto value = decode_query_text(equals == std::string_view::npos ? std::string_view()
                                                                    : pair.substr(equals + 1));
    if (!name || !value || value->size() > kQueryValueBytes) return std::nullopt;
    const auto same_name = [&](const auto& other) { return other.first == *name; };
    if (std::any_of(pairs.begin(), pairs.end(), same_name)) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

bool accepts_encoding(std::string_view accept_encoding, std::string_view coding) {
  while (!accept_encoding.empty()) {
    auto element = next_element(accept_encoding, ',');
    const auto name = next_element(element, ';');
    if (name != coding) continue;
    const auto weight = next_element(element, ';');
    if (!weight.starts_with("q=")) return true;
    // "0", "0.", "0.0", …: refused.
    return weight.substr(2).find_first_not_of("0.") != std::string_view::npos;
  }
  return false;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    auto element = next_element(if_none_match, ',');
    if (element == "*") return true;
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == etag) return true;
  }
  return false;
}

std::string utc_text(std::int64_t unix_us) {
  using std::chrono::microseconds;
  using std::chrono::system_clock;
  const auto ms = static_cast<int>(((unix_us / 1000) % 1000 + 1000) % 1000);
  const system_clock::time_point time{
      std::chrono::duration_cast<system_clock::duration>(microseconds(unix_us))};
  const auto whole = system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(whole), ms);
}

}  // namespace sitecast::gateway
