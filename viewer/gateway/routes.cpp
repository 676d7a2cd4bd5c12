// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/routes.h"

#include "proto/codec/limits.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kInitHashBytes = 8;

std::string_view next_part(std::string_view& path) {
  const auto end = path.find('/');
  const auto part = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  return part;
}

template <typename T>
bool assign(T& target, std::optional<T> value) {
  if (!value) return false;
  target = std::move(*value);
  return true;
}

// Some players take no address without the ending of its format.
std::string_view without_ending(std::string_view text, std::string_view ending) {
  if (text.ends_with(ending)) text.remove_suffix(ending.size());
  return text;
}

bool take_param(char name, std::string_view text, PathParams& params) {
  switch (name) {
    case 'p': return assign(params.project, ProjectId::parse(text));
    case 'c': return assign(params.capture, CaptureId::parse(text));
    case 't': params.track = text; return track_kind(text).has_value();
    case 'n':
      return assign(params.sequence, parse_unsigned(without_ending(text, ".m4s"))) &&
             params.sequence < limits::kSequence;
    case 'r': {
      if (!text.ends_with(".m4s")) return false;
      text.remove_suffix(4);
      const auto dash = text.find('-');
      if (dash != std::string_view::npos) {
        params.last_sequence = parse_unsigned(text.substr(dash + 1));
        if (!params.last_sequence || *params.last_sequence >= limits::kSequence) return false;
      }
      return assign(params.sequence, parse_unsigned(text.substr(0, dash))) &&
             params.sequence < limits::kSequence &&
             params.last_sequence.value_or(params.sequence) >= params.sequence;
    }
    case 'h': {
      const auto bytes = hex_decode(without_ending(text, ".mp4"));
      if (!bytes || bytes->size() != kInitHashBytes) return false;
      params.init_hash8 = to_string(ByteView(*bytes));
      return true;
    }
    default: return false;
  }
}

bool matches(std::string_view pattern, std::string_view path, PathParams& params) {
  while (true) {
    const bool pattern_ends = pattern.find('/') == std::string_view::npos;
    const bool path_ends = path.find('/') == std::string_view::npos;
    const auto expected = next_part(pattern);
    const auto part = next_part(path);
    const bool is_param = expected.size() == 3 && expected.front() == '{';
    if (is_param ? !take_param(expected[1], part, params) : expected != part) return false;
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
  }
}

bool is_data_path(std::string_view path) {
  return path.starts_with("/api/") || path == "/api" || path.starts_with("/segments/");
}

}  // namespace

std::variant<RouteMatch, NoSuchRoute, WrongMethod> find_route(Method method,
                                                              std::string_view path) {
  WrongMethod others;
  for (const auto& route : kRoutes) {
    if (route.id == RouteId::kStaticFile) continue;
    PathParams params;
    if (!matches(route.pattern, path, params)) continue;
    if (route.method == method) return RouteMatch{&route, std::move(params)};
    if (!others.allow.empty()) others.allow += ", ";
    others.allow += name_of(route.method);
    if (route.method == Method::kGet) others.allow += ", HEAD";
  }
  if (!others.allow.empty()) return others;
  if (is_data_path(path) || !path.starts_with('/')) return NoSuchRoute{};
  if (method != Method::kGet) return WrongMethod{"GET, HEAD"};
  return RouteMatch{&kRoutes.back(), {}};
}

}  // namespace sitecast::gateway
