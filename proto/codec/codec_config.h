// SPDX-License-Identifier: Apache-2.0
// The decoder configurations inside sample entries, checked the same way when writing and reading.
// Internal to proto/codec. Thread-safe: pure functions.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1: 4-byte NAL lengths, at least one
// SPS and one PPS, nothing cut off.
Status check_avcc(ByteView avcc);

// OpusSpecificBox content: version 0, mapping family 0 (1 or 2 channels), no output gain.
struct OpusConfig {
  std::uint8_t channel_count = 0;
  std::uint16_t pre_skip = 0;
  std::uint32_t input_sample_rate_hz = 0;
};
Result<OpusConfig> parse_opus_config(ByteView dops);

// AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1: AAC-LC only, 1 or 2 channels, 8 to 48 kHz.
struct AacConfig {
  std::uint8_t channel_count = 0;
  std::uint32_t sample_rate_hz = 0;
};
Result<AacConfig> parse_aac_config(ByteView audio_specific_config);

// Longest AudioSpecificConfig taken: keeps every descriptor length of esds in one byte.
inline constexpr std::size_t kAudioSpecificConfigBytes = 64;
inline constexpr std::uint32_t kPictureSidePx = 16'384;

}  // namespace sitecast
