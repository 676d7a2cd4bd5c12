// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/file_layout.h"

#include <array>
#include <string_view>

#include "proto/base/bytes.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kHeaderBytes = 16;
constexpr int kMostBoxes = 100'000;  // an hour of fragments; a bound, not an expectation

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

FileLayout mp4_layout(const File& file, std::uint64_t size_bytes) {
  FileLayout layout;
  bool media_before = false;
  bool fragments = false;
  std::uint64_t at = 0;
  for (int i = 0; i < kMostBoxes && at + kHeaderBytes <= size_bytes; ++i) {
    std::array<std::uint8_t, kHeaderBytes> header{};
    if (!file.read_at(at, header).ok()) break;
    const ByteView bytes(header);
    const std::string_view type = as_text(bytes.subspan(4, 4));
    std::uint64_t length = big_endian(bytes.first(4));
    if (length == 1) length = big_endian(bytes.subspan(8, 8));
    if (length == 0) break;  // to the end of the file
    if (type == "moof" && !fragments) {
      fragments = true;
      layout.half_fragmented = media_before;
    }
    if (type == "mdat" && !fragments) media_before = true;
    if (length < 8) break;  // damaged; the player will say so
    if (length > size_bytes - at) {
      layout.cut_off = true;
      break;
    }
    at += length;
  }
  return layout;
}

}  // namespace

FileLayout read_layout(const File& file) {
  const auto size = file.size_bytes();
  std::array<std::uint8_t, kHeaderBytes> header{};
  if (!size.ok() || *size < kHeaderBytes || !file.read_at(0, header).ok()) return {};
  const std::string_view text = as_text(header);
  if (text.substr(4, 4) == "ftyp") return mp4_layout(file, *size);
  FileLayout layout;
  if (text.substr(0, 4) == "RIFF") {
    const std::uint64_t length = std::uint64_t{header[4]} | std::uint64_t{header[5]} << 8 |
                                 std::uint64_t{header[6]} << 16 | std::uint64_t{header[7]} << 24;
    layout.cut_off = length + 8 > *size;
  }
  return layout;
}

}  // namespace sitecast::agent
