// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/field_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/base/id.h"
#include "proto/base/sha256.h"
#include "proto/base/text.h"
#include "proto/codec/limits.h"
#include "proto/codec/topics.h"

namespace sitecast {
namespace {

Status check_utf8(std::string_view text, std::string_view field) {
  return is_utf8(text) ? Status(Ok{})
                       : Status(invalid_argument(fmt::format("{} is not valid UTF-8", field)));
}

Status check_size(std::string_view text, std::size_t limit, std::string_view field) {
  if (text.size() > limit) {
    return invalid_argument(
        fmt::format("{} has {} bytes, allowed are {}", field, text.size(), limit));
  }
  return Ok{};
}

}  // namespace

Status check_id(std::string_view bytes, std::string_view field) {
  const auto id = EventId::from_bytes(bytes);
  if (!id || id->is_nil()) return invalid_argument(fmt::format("{} is not an id", field));
  return Ok{};
}

Status check_optional_id(std::string_view bytes, std::string_view field) {
  return bytes.empty() ? Status(Ok{}) : check_id(bytes, field);
}

Status check_name(std::string_view text, std::string_view field) {
  SC_TRY(check_size(text, limits::kNameBytes, field));
  SC_TRY(check_utf8(text, field));
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return invalid_argument(fmt::format("{} has a control character", field));
  }
  return Ok{};
}

Status check_required_name(std::string_view text, std::string_view field) {
  if (text.empty()) return invalid_argument(fmt::format("{} is missing", field));
  return check_name(text, field);
}

Status check_text(std::string_view text, std::string_view field) {
  SC_TRY(check_size(text, limits::kTextBytes, field));
  SC_TRY(check_utf8(text, field));
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return is_control(c) && c != '\n' && c != '\t'; })) {
    return invalid_argument(fmt::format("{} has a control character", field));
  }
  return Ok{};
}

Status check_word(std::string_view text, std::string_view field) {
  SC_TRY(check_size(text, limits::kWordBytes, field));
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") != std::string_view::npos) {
    return invalid_argument(fmt::format("{} has characters beside a-z, 0-9, _ and .", field));
  }
  return Ok{};
}

Status check_track(std::string_view track, std::string_view field) {
  if (!track_kind(track)) return invalid_argument(fmt::format("{} is not a track name", field));
  return Ok{};
}

Status check_time(std::int64_t us, std::string_view field) {
  if (us < 0 || us > limits::kLatestTimeUs) {
    return invalid_argument(fmt::format("{} is outside the years 1970 to 9999", field));
  }
  return Ok{};
}

Status check_hash(std::string_view bytes, std::string_view field) {
  if (bytes.size() != sizeof(Hash)) {
    return invalid_argument(
        fmt::format("{} has {} bytes instead of {}", field, bytes.size(), sizeof(Hash)));
  }
  return Ok{};
}

}  // namespace sitecast
