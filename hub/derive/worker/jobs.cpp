// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/worker/jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/derive/sprite_limits.h"
#include "hub/derive/worker/clip.h"
#include "hub/derive/worker/jpeg.h"
#include "hub/derive/worker/photo.h"

namespace sitecast::derive {
namespace {

constexpr std::uint32_t kThumbnailWidth = 480;
constexpr std::uint32_t kThumbnailMaxHeight = 1920;  // very tall pictures
constexpr int kThumbnailQuality = 80;
constexpr int kSpriteQuality = 70;

Result<Bytes> thumbnail(const Picture& picture) {
  return encode_jpeg(shrink(picture, kThumbnailWidth, kThumbnailMaxHeight), kThumbnailQuality);
}

}  // namespace

std::optional<Job> parse_job(std::string_view name) {
  if (name == "photo-thumbnail") return Job::kPhotoThumbnail;
  if (name == "video-thumbnail") return Job::kVideoThumbnail;
  if (name == "sprite") return Job::kSprite;
  return std::nullopt;
}

Result<Bytes> photo_thumbnail(ByteView file) {
  SC_TRY_ASSIGN(const Picture picture, decode_photo(file, kThumbnailWidth));
  return thumbnail(picture);
}

Result<Bytes> video_thumbnail(AvcDecoder& decoder, ByteView clip) {
  SC_TRY_ASSIGN(const auto frames, read_clip(clip));
  if (frames.empty() || frames.front().avcc.empty()) {
    return invalid_argument("the clip does not begin with a key frame of H.264");
  }
  SC_TRY_ASSIGN(
      const Picture picture,
      decoder.key_frame(frames.front().avcc, frames.front().access_unit, kThumbnailWidth));
  return thumbnail(picture);
}

Result<Bytes> sprite(AvcDecoder& decoder, ByteView clip) {
  SC_TRY_ASSIGN(const auto frames, read_clip(clip));
  if (frames.empty() || frames.size() > kSpriteMaxTiles) {
    return invalid_argument(
        fmt::format("{} tiles, allowed are 1 to {}", frames.size(), kSpriteMaxTiles));
  }
  std::vector<Picture> tiles(frames.size());
  const Picture* last = nullptr;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!frames[i].avcc.empty()) {
      const auto picture =
          decoder.key_frame(frames[i].avcc, frames[i].access_unit, kSpriteTileWidth);
      if (picture.ok()) {
        tiles[i] = shrink(*picture, kSpriteTileWidth, kSpriteTileMaxHeight);
        last = &tiles[i];
        continue;
      }
    }
    if (last != nullptr) tiles[i] = *last;
  }
  if (last == nullptr) return invalid_argument("no frame of the clip can be decoded");

  const auto count = static_cast<std::uint32_t>(tiles.size());
  const std::uint32_t columns = std::min(count, kSpriteColumns);
  const std::uint32_t rows = (count + columns - 1) / columns;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  for (const Picture& tile : tiles) {
    width = std::max(width, tile.width);
    height = std::max(height, tile.height);
  }
  Picture sheet = make_picture(width * columns, height * rows);
  for (std::uint32_t i = 0; i < count; ++i) {
    // Another shape (the device was turned) sits in the middle of its tile.
    paste(sheet, tiles[i], i % columns * width + (width - tiles[i].width) / 2,
          i / columns * height + (height - tiles[i].height) / 2);
  }
  SC_TRY_ASSIGN(const Bytes jpeg, encode_jpeg(sheet, kSpriteQuality));
  const std::string geometry =
      fmt::format(R"({{"columns":{},"rows":{},"tile_width":{},"tile_height":{},"count":{}}})"
                  "\n",
                  columns, rows, width, height, count);
  Bytes out(geometry.begin(), geometry.end());
  out.insert(out.end(), jpeg.begin(), jpeg.end());
  return out;
}

}  // namespace sitecast::derive
