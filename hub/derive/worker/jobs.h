// SPDX-License-Identifier: Apache-2.0
// The three things the worker makes. Pure on its input; runs inside the sandbox. Owner thread:
// main.
#pragma once

#include <optional>
#include <string_view>

#include "hub/derive/worker/avc_decoder.h"
#include "proto/base/result.h"

namespace sitecast::derive {

enum class Job { kPhotoThumbnail, kVideoThumbnail, kSprite };
std::optional<Job> parse_job(std::string_view name);  // photo-thumbnail | video-thumbnail | sprite

// A JPEG at most 480 pixels wide.
Result<Bytes> photo_thumbnail(ByteView file);
// The same of the clip's first picture.
Result<Bytes> video_thumbnail(AvcDecoder& decoder, ByteView clip);
// One line of JSON (columns, rows, tile_width, tile_height, count) and the sheet as JPEG. One tile
// per chunk of the clip; a chunk that cannot be decoded repeats the tile before it.
Result<Bytes> sprite(AvcDecoder& decoder, ByteView clip);

}  // namespace sitecast::derive
