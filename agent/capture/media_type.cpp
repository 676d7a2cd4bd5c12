// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/media_type.h"

#include <array>
#include <string_view>

namespace sitecast::agent {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kHeicBrands = {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "mif1"sv};

// ISO/IEC 14496-12 section 4.3: size, "ftyp", major brand.
std::string iso_media_type(std::string_view brand) {
  for (const std::string_view heic : kHeicBrands) {
    if (brand == heic) return "image/heic";
  }
  if (brand == "avif"sv || brand == "avis"sv) return "image/avif";
  return "video/mp4";
}

// Office files are ZIPs that name their main part in the directory (ECMA-376 part 2).
std::string zip_type(std::string_view head, std::string_view tail) {
  const auto names = [&](std::string_view name) {
    return tail.find(name) != std::string_view::npos || head.find(name) != std::string_view::npos;
  };
  if (!names("[Content_Types].xml")) return "application/zip";
  if (names("word/document.xml")) {
    return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  }
  if (names("xl/workbook.xml")) {
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  }
  return "application/zip";
}

}  // namespace

std::string media_type_of(ByteView head_bytes, ByteView tail_bytes) {
  const std::string_view head = as_text(head_bytes);
  const auto begins = [&](std::string_view magic) { return head.substr(0, magic.size()) == magic; };
  if (begins("\xFF\xD8\xFF"sv)) return "image/jpeg";
  if (begins("\x89PNG\r\n\x1A\n"sv)) return "image/png";
  if (begins("%PDF-"sv)) return "application/pdf";
  if (begins("PK\x03\x04"sv)) return zip_type(head, as_text(tail_bytes));
  if (head.size() >= 12 && head.substr(4, 4) == "ftyp"sv) return iso_media_type(head.substr(8, 4));
  return "application/octet-stream";
}

}  // namespace sitecast::agent
