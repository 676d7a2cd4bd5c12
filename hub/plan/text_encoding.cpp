// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/text_encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

struct CloseConverter {
  void operator()(void* converter) const { ::iconv_close(converter); }
};

std::optional<std::string> converted(ByteView bytes, const char* encoding) {
  const iconv_t opened = ::iconv_open("UTF-8", encoding);
  // NOLINTNEXTLINE(*reinterpret*,performance-no-int-to-ptr): iconv's own way to say no
  if (opened == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  const std::unique_ptr<void, CloseConverter> converter(opened);
  std::string from(as_text(bytes));  // iconv takes a pointer to non-const
  char* in = from.data();
  std::size_t in_left = from.size();
  std::string result;
  std::array<char, 16384> buffer{};
  while (true) {
    char* out = buffer.data();
    std::size_t out_left = buffer.size();
    const bool failed =
        ::iconv(converter.get(), &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1);
    result.append(buffer.data(), buffer.size() - out_left);
    if (!failed) return result;
    if (errno != E2BIG) return std::nullopt;
  }
}

bool starts_with(ByteView bytes, std::initializer_list<std::uint8_t> head) {
  return bytes.size() >= head.size() && std::equal(head.begin(), head.end(), bytes.begin());
}

// Text in Latin letters, digits and separators has a zero in every second byte of its UTF-16.
std::optional<std::string_view> utf16_by_zeros(ByteView bytes) {
  const std::size_t looked_at = std::min<std::size_t>(bytes.size() & ~std::size_t{1}, 4096);
  std::array<std::size_t, 2> zeros{};
  for (std::size_t at = 0; at < looked_at; ++at) {
    if (bytes[at] == 0) ++zeros[at % 2];
  }
  if (zeros[0] + zeros[1] < std::max<std::size_t>(2, looked_at / 20)) return std::nullopt;
  // 一 (U+4E00) has its zero on the other side.
  if (zeros[1] > 4 * zeros[0]) return "UTF-16LE";
  if (zeros[0] > 4 * zeros[1]) return "UTF-16BE";
  return std::nullopt;
}

}  // namespace

std::optional<PlanNote> decode_text(ByteView bytes, DecodedText& decoded) {
  const auto as = [&](std::string_view encoding, std::size_t skip) -> std::optional<PlanNote> {
    auto text = converted(bytes.subspan(skip), std::string(encoding).c_str());
    if (!text) return PlanNote{PlanNoteCode::kFileEncoding, {std::string(encoding)}};
    decoded = {std::move(*text), std::string(encoding)};
    return has(decoded.text, std::string_view("\0", 1))
               ? std::optional(PlanNote{PlanNoteCode::kFileBinary, {}})
               : std::nullopt;
  };
  if (starts_with(bytes, {0xEF, 0xBB, 0xBF})) return as("UTF-8", 3);
  if (starts_with(bytes, {0xFF, 0xFE})) return as("UTF-16LE", 2);
  if (starts_with(bytes, {0xFE, 0xFF})) return as("UTF-16BE", 2);
  if (const auto utf16 = utf16_by_zeros(bytes); utf16 && !as(*utf16, 0)) return std::nullopt;
  if (has(as_text(bytes), std::string_view("\0", 1))) {
    return PlanNote{PlanNoteCode::kFileBinary, {}};
  }
  if (is_utf8(as_text(bytes))) {
    decoded = {to_string(bytes), "UTF-8"};
    return std::nullopt;
  }
  if (!as("GB18030", 0)) return std::nullopt;
  return as("Windows-1252", 0);
}

}  // namespace sitecast::hub
