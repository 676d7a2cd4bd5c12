// SPDX-License-Identifier: Apache-2.0
#include "hub/derive/job_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hub/archive/sidecar.h"
#include "hub/derive/sprite_limits.h"
#include "proto/base/file.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"

namespace sitecast::hub {
namespace {

using derive::kSpriteMaxTiles;

// A part that a picture can be made of, or a block of a file.
struct Piece {
  std::uint64_t time = 0;  // track's timescale; file tracks: byte offset
  std::uint64_t sidecar_offset = 0;
  std::uint64_t media_offset = 0;
  std::uint32_t media_size_bytes = 0;
};

struct OpenTrack {
  File sidecar;
  File media;
};

Result<OpenTrack> open_track(const Layout& layout, const DeriveJob& job) {
  OpenTrack track;
  SC_TRY_ASSIGN(track.sidecar,
                File::open_for_reading(layout.sidecar(job.project, job.capture, job.track)));
  SC_TRY_ASSIGN(track.media,
                File::open_for_reading(layout.media(job.project, job.capture, job.track)));
  return track;
}

Status append_media(Bytes& out, const File& media, const Piece& piece) {
  const std::size_t at = out.size();
  if (at + piece.media_size_bytes > kDeriveInputBytes) {
    return resource_exhausted(fmt::format("more than {} bytes of input", kDeriveInputBytes));
  }
  out.resize(at + piece.media_size_bytes);
  return media.read_at(piece.media_offset, std::span(out).subspan(at));
}

// Init segment and media of a key-frame part.
Status append_key_part(Bytes& out, const OpenTrack& track, const Piece& piece) {
  std::string init;
  SC_TRY_ASSIGN(const std::uint64_t end,
                read_sidecar(track.sidecar, piece.sidecar_offset,
                             [&](const SidecarRecord& record, std::uint64_t /*offset*/) {
                               if (auto envelope = parse_envelope(record.envelope_bytes);
                                   envelope.ok()) {
                                 init = std::move(*envelope->mutable_init_segment());
                               }
                               return false;
                             }));
  (void)end;
  const ByteView init_bytes = as_bytes(init);
  out.insert(out.end(), init_bytes.begin(), init_bytes.end());
  return append_media(out, track.media, piece);
}

struct KeyParts {
  std::vector<Piece> pieces;  // by time
  std::uint32_t timescale = 0;
  std::uint64_t end_time = 0;
};

Result<KeyParts> find_key_parts(const File& sidecar, bool first_only) {
  KeyParts parts;
  SC_TRY_ASSIGN(const std::uint64_t end,
                read_sidecar(sidecar, 0, [&](const SidecarRecord& record, std::uint64_t offset) {
                  const auto envelope = parse_envelope(record.envelope_bytes);
                  if (!envelope.ok()) return true;
                  parts.end_time =
                      std::max(parts.end_time, envelope->media_time() + envelope->duration());
                  if (envelope->init_segment().empty() || !envelope->key_frame()) return true;
                  if (parts.timescale == 0) {
                    const auto init = read_init(as_bytes(envelope->init_segment()));
                    if (!init.ok()) return true;
                    parts.timescale = init->timescale;
                  }
                  parts.pieces.push_back({envelope->media_time(), offset, record.media_offset,
                                          record.media_size_bytes});
                  return !first_only;
                }));
  (void)end;
  if (parts.pieces.empty()) return not_found("no key frame is archived");
  std::ranges::sort(parts.pieces, {}, &Piece::time);
  return parts;
}

Result<DeriveInput> photo_input(const OpenTrack& track) {
  std::vector<Piece> blocks;
  std::uint64_t file_bytes = 0;
  SC_TRY_ASSIGN(
      const std::uint64_t end,
      read_sidecar(track.sidecar, 0, [&](const SidecarRecord& record, std::uint64_t offset) {
        const auto envelope = parse_envelope(record.envelope_bytes);
        if (!envelope.ok()) return true;
        if (envelope->has_file()) file_bytes = envelope->file().size_bytes();
        blocks.push_back(
            {envelope->media_time(), offset, record.media_offset, record.media_size_bytes});
        return true;
      }));
  (void)end;
  std::ranges::sort(blocks, {}, &Piece::time);
  DeriveInput input;
  for (const Piece& block : blocks) {
    if (block.time != input.bytes.size()) return data_loss("a block of the photo is missing");
    SC_TRY(append_media(input.bytes, track.media, block));
  }
  if (input.bytes.empty() || input.bytes.size() != file_bytes) {
    return data_loss("the photo is not complete");
  }
  return input;
}

Result<DeriveInput> thumbnail_input(const OpenTrack& track) {
  SC_TRY_ASSIGN(const KeyParts parts, find_key_parts(track.sidecar, true));
  DeriveInput input;
  SC_TRY(append_key_part(input.bytes, track, parts.pieces.front()));
  return input;
}

// For each tile the last key frame at or before its time; before the first one, the first.
std::vector<Piece> choose_tiles(const KeyParts& parts, std::uint32_t interval_ms,
                                std::uint32_t count) {
  std::vector<Piece> chosen;
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t time = static_cast<std::uint64_t>(i) * interval_ms * parts.timescale / 1000;
    while (at + 1 < parts.pieces.size() && parts.pieces[at + 1].time <= time) ++at;
    chosen.push_back(parts.pieces[at]);
  }
  return chosen;
}

Result<DeriveInput> sprite_input(const OpenTrack& track) {
  SC_TRY_ASSIGN(const KeyParts parts, find_key_parts(track.sidecar, false));
  const std::uint64_t duration_ms = parts.end_time / parts.timescale * 1000 +
                                    parts.end_time % parts.timescale * 1000 / parts.timescale;
  DeriveInput input;
  input.interval_ms = sprite_interval_ms(duration_ms);
  for (;;) {
    input.count = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, (duration_ms + input.interval_ms - 1) / input.interval_ms));
    const auto tiles = choose_tiles(parts, input.interval_ms, input.count);
    std::uint64_t total = 0;
    for (const Piece& tile : tiles) total += tile.media_size_bytes + limits::kInitSegmentBytes;
    if (total > kDeriveInputBytes && input.count > 1) {  // very large key frames: fewer tiles
      input.interval_ms *= 2;
      continue;
    }
    for (const Piece& tile : tiles) SC_TRY(append_key_part(input.bytes, track, tile));
    return input;
  }
}

}  // namespace

std::uint32_t sprite_interval_ms(std::uint64_t duration_ms) {
  const std::uint64_t needed_ms = (duration_ms + kSpriteMaxTiles - 1) / kSpriteMaxTiles;
  const std::uint64_t whole_s = (needed_ms + 999) / 1000;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(kSpriteIntervalMs, whole_s * 1000));
}

Result<DeriveInput> prepare_input(const Layout& layout, const DeriveJob& job) {
  SC_TRY_ASSIGN(const OpenTrack track, open_track(layout, job));
  switch (job.kind) {
    case DeriveKind::kPhotoThumbnail: return photo_input(track);
    case DeriveKind::kVideoThumbnail: return thumbnail_input(track);
    case DeriveKind::kSprite: return sprite_input(track);
  }
  return internal_error("unknown job");
}

}  // namespace sitecast::hub
