// SPDX-License-Identifier: Apache-2.0
// Boxes of ISO/IEC 14496-12 section 4.2, as both the muxer and the reader need them: u32 size, four
// characters of type, content. Sizes are 32 bit; "to the end" (0) and 64-bit sizes (1) are refused,
// since nothing of ours is that large. Internal to proto/codec. Thread-safety: single-owner values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/field_reader.h"
#include "proto/base/result.h"

namespace sitecast {

constexpr std::uint32_t fourcc(std::string_view type) {
  std::uint32_t value = 0;
  for (const char c : type) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

inline constexpr std::uint32_t kCmafTrackId = 1;  // each file holds one track

// Sample flags (section 8.8.3.1): sync samples depend on no other, the rest are not sync and do.
inline constexpr std::uint32_t kSyncSampleFlags = 0x0200'0000;
inline constexpr std::uint32_t kNonSyncSampleFlags = 0x0101'0000;
inline constexpr std::uint32_t kIsNonSyncFlag = 0x0001'0000;

inline constexpr std::uint32_t kTfhdBaseDataOffset = 0x00'0001;
inline constexpr std::uint32_t kTfhdSampleDescription = 0x00'0002;
inline constexpr std::uint32_t kTfhdDefaultDuration = 0x00'0008;
inline constexpr std::uint32_t kTfhdDefaultSize = 0x00'0010;
inline constexpr std::uint32_t kTfhdDefaultFlags = 0x00'0020;
inline constexpr std::uint32_t kTfhdDurationIsEmpty = 0x01'0000;
inline constexpr std::uint32_t kTfhdDefaultBaseIsMoof = 0x02'0000;

inline constexpr std::uint32_t kTrunDataOffset = 0x00'0001;
inline constexpr std::uint32_t kTrunFirstSampleFlags = 0x00'0004;
inline constexpr std::uint32_t kTrunDuration = 0x00'0100;
inline constexpr std::uint32_t kTrunSize = 0x00'0200;
inline constexpr std::uint32_t kTrunFlags = 0x00'0400;

// Appends big-endian fields and nested boxes to a buffer.
class BoxWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }
  void bytes(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

  // Writes the box's head, lets `content` write the rest, then sets the size.
  template <typename Content>
  void box(std::string_view type, Content content) {
    const std::size_t start = out_.size();
    u32(0);
    u32(fourcc(type));
    content();
    set_u32(start, static_cast<std::uint32_t>(out_.size() - start));
  }
  template <typename Content>
  void full_box(std::string_view type, std::uint8_t version, std::uint32_t flags, Content content) {
    box(type, [&] {
      u32(std::uint32_t{version} << 24 | flags);
      content();
    });
  }

  void reserve(std::size_t size) { out_.reserve(size); }
  void set_u32(std::size_t at, std::uint32_t value);
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

struct Box {
  std::uint32_t type = 0;
  ByteView bytes;    // with its head
  ByteView content;  // without
};

// Takes the box at the front of `rest`. kInvalidArgument when its size does not fit.
Result<Box> take_box(ByteView& rest);
// The one child of that type in a box's content; kInvalidArgument when there is none or another.
Result<Box> only_child(ByteView content, std::string_view type);
// nullopt when there is none.
Result<std::optional<Box>> optional_child(ByteView content, std::string_view type);

}  // namespace sitecast
