// SPDX-License-Identifier: Apache-2.0
// An ordinary, progressive MP4 (ISO/IEC 14496-12:2022) from collected sample tables: ftyp, moov,
// mdat, so that a player can begin before the whole file is there. Remuxing only: samples are
// copied as they are. The same tables give the same bytes, which is how `verify` ties the file to
// the proven parts.
//
//   - stts holds the decode times' differences; gaps stretch the sample before them
//   - an edit list delays a track that begins later than the file and skips Opus' pre-skip
//   - several sample descriptions where resolution or parameters change
//   - stss for video, `roll` groups for Opus (pre-roll of 80 ms, RFC 7845 section 4.6)
//   - chunks of about half a second, tracks interleaved; co64 where 32-bit offsets do not reach
// Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/check/movie.h"

namespace sitecast::hub {

// Raised when the same tables give other bytes than before: an export says which made its files.
inline constexpr int kMovieFormat = 1;

// Consecutive parts of one track that lie together in the file.
struct MovieChunk {
  std::uint32_t track = 0;  // index into Movie::tracks
  std::size_t first_part = 0;
  std::size_t part_count = 0;
  std::uint32_t sample_count = 0;
  std::uint32_t description = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t start_us = 0;
  std::uint64_t file_offset = 0;
};

struct MovieFileLayout {
  Bytes head;                      // ftyp, moov and the mdat's header
  std::vector<MovieChunk> chunks;  // in file order, right behind the head
  std::uint64_t size_bytes = 0;    // of the whole file
};

// `created_at_us`: wall clock of the movie's time 0, for mvhd; 0 when it is not known.
MovieFileLayout lay_out_movie(const Movie& movie, std::int64_t created_at_us);

}  // namespace sitecast::hub
