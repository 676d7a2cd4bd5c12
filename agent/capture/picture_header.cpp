// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/picture_header.h"

#include <string_view>

namespace sitecast::agent {
namespace {

constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kEndOfImage = 0xD9;

std::uint32_t u16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}
std::uint32_t u32(ByteView bytes, std::size_t at) {
  return u16(bytes, at) << 16 | u16(bytes, at + 2);
}

// SOF0..SOF15 without DHT, JPG and DAC, which lie between them.
bool is_frame_header(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
bool stands_alone(std::uint8_t marker) {  // TEM, RST0..7, SOI
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

// Position of the next real marker's 0xFF in entropy-coded data; size() when there is none.
std::size_t next_marker(ByteView file, std::size_t at) {
  while (at + 1 < file.size()) {
    if (file[at] == 0xFF && file[at + 1] != 0x00 && file[at + 1] != 0xFF &&
        !(file[at + 1] >= 0xD0 && file[at + 1] <= 0xD7)) {
      return at;
    }
    ++at;
  }
  return file.size();
}

Error cut_off() {
  return invalid_argument(
      "the picture is cut off: its end is missing, so it is not stored as a photo");
}

}  // namespace

Result<PictureHeader> read_jpeg_header(ByteView file) {
  if (file.size() < 4 || file[0] != 0xFF || file[1] != 0xD8) {
    return invalid_argument("not a JPEG picture");
  }
  PictureHeader header;
  std::size_t at = 2;
  for (;;) {
    at = next_marker(file, at);
    if (at + 1 >= file.size()) return cut_off();
    const std::uint8_t marker = file[at + 1];
    at += 2;
    if (marker == kEndOfImage) break;
    if (stands_alone(marker)) continue;
    if (at + 2 > file.size()) return cut_off();
    const std::uint32_t length = u16(file, at);
    if (length < 2) return invalid_argument("the picture is damaged: a segment has no length");
    if (at + length > file.size()) return cut_off();
    if (is_frame_header(marker) && header.width_px == 0) {  // the decoder goes by the first
      if (length < 8) return invalid_argument("the picture is damaged: its frame header is short");
      header.height_px = u16(file, at + 3);
      header.width_px = u16(file, at + 5);
    }
    at += length;
    if (marker == kStartOfScan && header.width_px == 0) break;
  }
  if (header.width_px == 0 || header.height_px == 0) {
    return invalid_argument("the picture is damaged: it has no size");
  }
  return header;
}

Result<PictureHeader> read_png_header(ByteView file) {
  constexpr std::size_t kHeaderBytes = 33;  // signature and IHDR
  constexpr std::string_view kEnd("\0\0\0\0IEND\xAE\x42\x60\x82", 12);
  const std::string_view text = as_text(file);
  if (file.size() < kHeaderBytes || text.substr(12, 4) != "IHDR") {
    return invalid_argument("not a PNG picture");
  }
  const PictureHeader header{u32(file, 16), u32(file, 20)};
  if (header.width_px == 0 || header.height_px == 0) {
    return invalid_argument("the picture is damaged: it has no size");
  }
  if (text.find(kEnd, kHeaderBytes) == std::string_view::npos) return cut_off();
  return header;
}

}  // namespace sitecast::agent
