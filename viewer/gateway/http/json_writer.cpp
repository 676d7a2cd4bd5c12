// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/json_writer.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <iterator>

#include "proto/base/text.h"

namespace sitecast::gateway {

void JsonWriter::separate() {
  if (need_comma_) out_ += ',';
  need_comma_ = false;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  need_comma_ = true;
  --depth_;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  need_comma_ = true;
  --depth_;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  out_ += ':';
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  out_ += '"';
  while (!text.empty()) {
    const auto character = static_cast<unsigned char>(text.front());
    if (character >= 0x80) {
      const std::size_t size = utf8_sequence_size(text);
      if (size == 0) {
        out_ += "\xEF\xBF\xBD";
        text.remove_prefix(1);
      } else {
        out_ += text.substr(0, size);
        text.remove_prefix(size);
      }
      continue;
    }
    switch (character) {
      case '"': out_ += "\\\""; break;
      case '\\': out_ += "\\\\"; break;
      case '\n': out_ += "\\n"; break;
      case '\r': out_ += "\\r"; break;
      case '\t': out_ += "\\t"; break;
      default:
        if (character < 0x20 || character == 0x7f) {
          fmt::format_to(std::back_inserter(out_), "\\u{:04x}", character);
        } else {
          out_ += static_cast<char>(character);
        }
    }
    text.remove_prefix(1);
  }
  out_ += '"';
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) { return raw(flag ? "true" : "false"); }

JsonWriter& JsonWriter::value(std::nullptr_t) { return raw("null"); }

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return value(nullptr);
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(const std::vector<std::string>& texts) {
  begin_array();
  for (const auto& text : texts) value(text);
  return end_array();
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::write_signed(std::int64_t number) {
  return raw(fmt::format_int(number).c_str());
}

JsonWriter& JsonWriter::write_unsigned(std::uint64_t number) {
  return raw(fmt::format_int(number).c_str());
}

std::string JsonWriter::take() && {
  assert(depth_ == 0);
  return std::move(out_);
}

}  // namespace sitecast::gateway
