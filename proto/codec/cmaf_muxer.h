// SPDX-License-Identifier: Apache-2.0
// Our CMAF muxer (ISO/IEC 14496-12:2022, 23000-19:2020): encoded frames in, one CMAF chunk
// (moof+mdat) per part out, made when its last frame is there. One track per stream, brands `iso6`
// and `cmfc`, default-base-is-moof, sample durations in trun, tfdt version 1 (64 bit), no B-frames
// (composition offsets are absent). track_ID is always 1.
// Owner thread: one at a time. Pure: no I/O, no clock. Output is byte-for-byte the TypeScript
// muxer's (golden vectors in proto/vectors).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

// Timescales: video 90000, audio its sample rate (Opus: always 48000).
inline constexpr std::uint32_t kVideoTimescale = 90'000;
inline constexpr std::uint32_t kOpusTimescale = 48'000;

struct VideoInit {
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
  // AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1), as GStreamer's codec_data.
  Bytes avcc;
};

// Opus in ISO BMFF (opus-codec.org "Encapsulation of Opus in ISO Base Media File Format" 0.8.1).
struct OpusInit {
  std::uint8_t channel_count = 2;  // 1 or 2: mapping family 0
  std::uint16_t pre_skip = 0;      // see proto/README.md, "Sound and its clock": leave it 0
  std::uint32_t input_sample_rate_hz = 48'000;
};

// AAC-LC in mp4a/esds (ISO/IEC 14496-14).
struct AacInit {
  std::uint8_t channel_count = 2;
  std::uint32_t sample_rate_hz = 48'000;
  Bytes audio_specific_config;
};

// ftyp+moov. kInvalidArgument when a field is out of range or the result exceeds kInitSegmentBytes.
Result<Bytes> make_video_init(const VideoInit& init);
Result<Bytes> make_opus_init(const OpusInit& init);
Result<Bytes> make_aac_init(const AacInit& init);

struct Sample {
  ByteView data;               // AVC: length-prefixed NAL units (4-byte lengths)
  std::uint32_t duration = 0;  // in the track's timescale
  bool key_frame = false;      // sync sample; audio: always true
};

// One chunk. `fragment_number` is mfhd's sequence_number: the part's sequence + 1 (mod 2^32).
// kInvalidArgument unless 1..kSamplesPerPart samples, none empty or without duration, and the whole
// chunk within kPartBytes. Overhead: 96 + 12 bytes per sample.
Result<Bytes> make_chunk(std::uint32_t fragment_number, std::uint64_t decode_time,
                         const std::vector<Sample>& samples);

// RFC 6381 codec string of an init segment's track, e.g. "avc1.64001f", "opus", "mp4a.40.2".
Result<std::string> codec_string(ByteView init_segment);

}  // namespace sitecast
