// SPDX-License-Identifier: Apache-2.0
// Strict reader of what the muxer writes: ftyp+moov of one track, and moof+mdat chunks. It reads
// untrusted bytes: every size is checked against its parent before use, nothing is allocated from a
// claimed size alone, unknown boxes are skipped inside their parent, and a chunk must be exactly
// (styp?) moof mdat. Edit lists are refused, since they would shift media_time. Thread-safe: pure
// functions. Views point into the caller's bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

enum class Codec { kAvc, kOpus, kAac };

struct InitInfo {
  Codec codec{};
  std::uint32_t timescale = 0;
  std::uint32_t width_px = 0;   // video
  std::uint32_t height_px = 0;  // video
  std::uint8_t channel_count = 0;
  std::uint32_t sample_rate_hz = 0;
  std::uint16_t pre_skip = 0;  // Opus
  ByteView codec_config;       // avcC, dOps or AudioSpecificConfig payload
  ByteView sample_entry;       // the whole entry box (avc1, Opus, mp4a), for remuxing
};
Result<InitInfo> read_init(ByteView init_segment);

struct SampleInfo {
  std::uint32_t size_bytes = 0;
  std::uint32_t duration = 0;
  bool key_frame = false;
};

struct ChunkInfo {
  std::uint32_t fragment_number = 0;  // mfhd
  std::uint64_t decode_time = 0;      // tfdt
  std::uint64_t duration = 0;         // sum over samples
  bool starts_with_key_frame = false;
  std::vector<SampleInfo> samples;
  ByteView payload;  // mdat's content: the samples back to back
};
// kInvalidArgument with the box that was wrong.
Result<ChunkInfo> read_chunk(ByteView chunk);

}  // namespace sitecast
