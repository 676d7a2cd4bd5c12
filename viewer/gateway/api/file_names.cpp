// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/file_names.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "proto/base/text.h"

namespace sitecast::gateway {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

}  // namespace

ServedType served_type(std::string_view stated_media_type) {
  constexpr std::array<std::string_view, 5> kShown = {"image/jpeg", "image/png", "image/webp",
                                                      "image/avif", "image/gif"};
  for (const auto type : kShown) {
    if (stated_media_type == type) return {type, true};
  }
  constexpr std::array<std::string_view, 3> kSaved = {"application/pdf", "image/heic",
                                                      "image/heif"};
  for (const auto type : kSaved) {
    if (stated_media_type == type) return {type, false};
  }
  return {"application/octet-stream", false};
}

std::string content_disposition(std::string_view disposition, std::string_view file_name) {
  std::string ascii;
  std::string encoded;
  bool differs = false;
  for (const char c : file_name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unsafe = byte < 0x20 || byte == 0x7f || c == '/' || c == '\\';
    if (unsafe) {
      ascii += '_';
      encoded += '_';
    } else if (is_plain(c)) {
      ascii += c;
      encoded += c;
    } else {
      // One character of several bytes becomes one underscore.
      if ((byte & 0xC0U) != 0x80U) ascii += c == ' ' ? ' ' : '_';
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", byte);
      differs = true;
    }
  }
  if (ascii.empty()) ascii = "file";
  std::string result = fmt::format("{}; filename=\"{}\"", disposition, ascii);
  if (differs && is_utf8(file_name)) result += "; filename*=UTF-8''" + encoded;
  return result;
}

}  // namespace sitecast::gateway
