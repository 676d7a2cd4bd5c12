// SPDX-License-Identifier: Apache-2.0
#include "hub/check/mp4_file.h"

#include <algorithm>
#include <limits>

#include "hub/check/mp4_boxes.h"
#include "proto/codec/box.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kChunkUs = 500'000;
constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();

std::vector<MovieChunk> chunks_of(const MovieTrack& track, std::uint32_t index) {
  std::vector<MovieChunk> chunks;
  for (std::size_t i = 0; i < track.parts.size(); ++i) {
    const MoviePart& part = track.parts[i];
    const std::int64_t start_us = to_us(part.decode_time, track.timescale);
    if (chunks.empty() || chunks.back().description != part.description ||
        start_us - chunks.back().start_us >= kChunkUs) {
      MovieChunk chunk;
      chunk.track = index;
      chunk.first_part = i;
      chunk.description = part.description;
      chunk.start_us = start_us;
      chunks.push_back(chunk);
    }
    MovieChunk& chunk = chunks.back();
    ++chunk.part_count;
    chunk.sample_count += part.sample_count;
    chunk.size_bytes += part.size_bytes;
  }
  return chunks;
}

std::uint64_t place(std::vector<MovieChunk>& chunks, std::uint64_t offset) {
  for (MovieChunk& chunk : chunks) {
    chunk.file_offset = offset;
    offset += chunk.size_bytes;
  }
  return offset;
}

}  // namespace

MovieFileLayout lay_out_movie(const Movie& movie, std::int64_t created_at_us) {
  MovieFileLayout layout;
  std::uint64_t payload_bytes = 0;
  for (std::size_t i = 0; i < movie.tracks.size(); ++i) {
    const auto chunks = chunks_of(movie.tracks[i], static_cast<std::uint32_t>(i));
    layout.chunks.insert(layout.chunks.end(), chunks.begin(), chunks.end());
    payload_bytes += movie.tracks[i].media_bytes();
  }
  std::ranges::stable_sort(layout.chunks, {}, &MovieChunk::start_us);

  // The head's size does not depend on the offsets' values, only on their width.
  const auto write_head = [&](bool wide) {
    BoxWriter w;
    write_movie_head(w, movie, layout.chunks, created_at_us, wide);
    if (payload_bytes + 8 > kMax32) {
      w.u32(1);  // the size follows as 64 bit
      w.u32(fourcc("mdat"));
      w.u64(payload_bytes + 16);
    } else {
      w.u32(static_cast<std::uint32_t>(payload_bytes + 8));
      w.u32(fourcc("mdat"));
    }
    return w.take();
  };
  bool wide = false;
  std::size_t head_bytes = write_head(wide).size();
  if (head_bytes + payload_bytes > kMax32) {
    wide = true;
    head_bytes = write_head(wide).size();
  }
  layout.size_bytes = place(layout.chunks, head_bytes);
  layout.head = write_head(wide);
  return layout;
}

}  // namespace sitecast::hub
