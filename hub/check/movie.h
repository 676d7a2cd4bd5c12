// SPDX-License-Identifier: Apache-2.0
// What an ordinary MP4 needs to know of a track: sample tables collected from the track's parts.
// Memory grows by about 50 bytes per part (10 MB for two hours of single-frame parts); media bytes
// are never held. Times follow the parts' decode times, so that a gap lasts as long in the file as
// it did in the capture: the last sample before it is stretched. Owner thread: one. Pure: no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "proto/codec/box_reader.h"

namespace sitecast::hub {

// The samples of one part: contiguous in the source file and in the movie.
struct MoviePart {
  std::uint64_t source_offset = 0;  // of the first sample's byte in the track's data file
  std::uint32_t size_bytes = 0;
  std::uint32_t first_sample = 0;
  std::uint32_t sample_count = 0;
  std::uint32_t description = 0;  // index into MovieTrack::sample_entries
  std::uint64_t decode_time = 0;  // on the capture's clock, track's timescale
  bool key_frame = false;
};

struct MovieGap {
  std::uint64_t from = 0;  // end of the part before, track's timescale
  std::uint64_t until = 0;
};

// One stretch of a track that one `trak` box can hold: one codec, one timescale.
struct MovieTrack {
  std::string name;
  Codec codec{};
  std::uint32_t timescale = 0;
  std::uint32_t width_px = 0;  // largest of the stretch
  std::uint32_t height_px = 0;
  std::uint16_t pre_skip = 0;  // Opus, samples at the start that are not shown
  std::vector<Bytes> sample_entries;
  std::vector<MoviePart> parts;
  std::vector<std::uint32_t> sizes;       // per sample
  std::vector<std::uint32_t> durations;   // per sample: to the next one's decode time
  std::vector<std::uint32_t> key_frames;  // video: sample numbers from 0
  std::vector<MovieGap> gaps;

  [[nodiscard]] bool video() const { return codec == Codec::kAvc; }
  [[nodiscard]] std::uint64_t start() const { return parts.front().decode_time; }
  [[nodiscard]] std::uint64_t duration() const;
  [[nodiscard]] std::uint64_t media_bytes() const;
};

class TrackCollector {
 public:
  explicit TrackCollector(std::string name) : name_(std::move(name)) {}

  // Parts in sequence order; `chunk_offset` is where `chunk` begins in the track's data file.
  // kInvalidArgument: the part is not CMAF as we know it and stays outside the movie.
  Status add(const InitInfo& init, ByteView chunk, std::uint64_t chunk_offset);

  // In time order; a new stretch begins where the codec or the timescale changes.
  [[nodiscard]] std::vector<MovieTrack> take() && { return std::move(stretches_); }

 private:
  std::string name_;
  std::vector<MovieTrack> stretches_;
  std::uint64_t expected_time_ = 0;  // where the last part said that it ends
  std::uint64_t last_sample_time_ = 0;
};

// Tracks that share one file and one clock.
struct Movie {
  std::vector<MovieTrack> tracks;
  [[nodiscard]] std::int64_t start_us() const;  // of the earliest track: the file's time 0
  [[nodiscard]] std::int64_t end_us() const;
};

// One movie where every track is one stretch; otherwise one per stretch, all tracks cut there:
// video at its next key frame, so that each file can be played by itself.
std::vector<Movie> plan_movies(std::vector<std::vector<MovieTrack>> tracks);

std::int64_t to_us(std::uint64_t ticks, std::uint32_t timescale);

}  // namespace sitecast::hub
