// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/clip.h"

#include <fmt/format.h>

#include <optional>

#include "proto/codec/box_reader.h"

namespace sitecast::derive {
namespace {

constexpr std::size_t kBoxHeaderBytes = 8;

// Size of the box at the front; an error when it does not fit. 64-bit sizes do not occur in our
// parts.
Result<std::size_t> box_size(ByteView bytes) {
  if (bytes.size() < kBoxHeaderBytes) return invalid_argument("box header is cut off");
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | bytes[i];
  if (size < kBoxHeaderBytes || size > bytes.size()) {
    return invalid_argument(fmt::format("box of {} bytes does not fit", size));
  }
  return size;
}

std::string_view box_type(ByteView bytes) { return as_text(bytes.subspan(4, 4)); }

}  // namespace

Result<std::vector<KeyFrame>> read_clip(ByteView bytes) {
  std::vector<KeyFrame> frames;
  ByteView avcc;
  while (!bytes.empty()) {
    // An init segment and a chunk are two boxes each.
    SC_TRY_ASSIGN(const std::size_t first, box_size(bytes));
    SC_TRY_ASSIGN(const std::size_t second, box_size(bytes.subspan(first)));
    const ByteView pair = bytes.first(first + second);
    bytes = bytes.subspan(pair.size());
    if (box_type(pair) == "ftyp") {
      const auto init = read_init(pair);
      avcc = init.ok() && init->codec == Codec::kAvc ? init->codec_config : ByteView{};
      continue;
    }
    const auto chunk = read_chunk(pair);
    KeyFrame frame;
    if (chunk.ok() && !chunk->samples.empty() && chunk->starts_with_key_frame && !avcc.empty()) {
      frame.avcc = avcc;
      frame.access_unit = chunk->payload.first(chunk->samples.front().size_bytes);
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace sitecast::derive
