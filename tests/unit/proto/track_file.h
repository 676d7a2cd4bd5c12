// SPDX-License-Identifier: Apache-2.0
// Encoded frames -> init segment and chunks, as an agent makes them.
#pragma once

#include <cassert>
#include <vector>

#include "proto/codec/cmaf_muxer.h"
#include "tests/support/encoded_media.h"

namespace sitecast {

struct TrackFile {
  Bytes init;
  std::vector<Bytes> chunks;

  // Init segment and the chunks from `first` on, as a player gets them.
  [[nodiscard]] Bytes file_from(std::size_t first) const {
    Bytes bytes = init;
    for (std::size_t i = first; i < chunks.size(); ++i) {
      bytes.insert(bytes.end(), chunks[i].begin(), chunks[i].end());
    }
    return bytes;
  }
};

inline std::uint64_t to_timescale(std::int64_t ns, std::uint32_t timescale) {
  return (static_cast<std::uint64_t>(ns) * timescale + 500'000'000) / 1'000'000'000;
}

// `frames_per_part` frames of `frame_duration` each to a part.
inline TrackFile make_track_file(Result<Bytes> init, const EncodedStream& stream,
                                 std::uint32_t timescale, std::uint32_t frame_duration,
                                 std::size_t frames_per_part) {
  assert(init.ok());
  TrackFile file;
  file.init = *init;
  for (std::size_t at = 0; at < stream.frames.size(); at += frames_per_part) {
    std::vector<Sample> samples;
    for (std::size_t i = at; i < stream.frames.size() && i < at + frames_per_part; ++i) {
      samples.push_back({stream.frames[i].data, frame_duration, stream.frames[i].key_frame});
    }
    auto chunk = make_chunk(static_cast<std::uint32_t>(file.chunks.size() + 1),
                            to_timescale(stream.frames[at].pts_ns, timescale), samples);
    assert(chunk.ok());
    file.chunks.push_back(*std::move(chunk));
  }
  return file;
}

inline TrackFile make_video_file(int frame_count) {
  const auto stream = encode_h264(frame_count, 320, 240);
  assert(stream.ok());
  return make_track_file(make_video_init({320, 240, stream->codec_data}), *stream, kVideoTimescale,
                         3'000, 1);
}
inline TrackFile make_opus_file(int frame_count) {
  const auto stream = encode_opus_ticks(frame_count);
  assert(stream.ok());
  return make_track_file(make_opus_init({1, 0, 48'000}), *stream, kOpusTimescale, 960, 2);
}
inline TrackFile make_aac_file(int frame_count) {
  const auto stream = encode_aac_ticks(frame_count);
  assert(stream.ok());
  return make_track_file(make_aac_init({1, 48'000, stream->codec_data}), *stream, 48'000, 1'024, 2);
}

}  // namespace sitecast
