// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/codec_config.h"

#include <array>

#include "proto/codec/box.h"

namespace sitecast {
namespace {

constexpr std::uint8_t kSpsType = 7;
constexpr std::uint8_t kPpsType = 8;
constexpr std::uint8_t kAacLowComplexity = 2;

// Parameter sets of one kind: each u16 length and a NAL unit of `type`.
bool skip_parameter_sets(FieldReader& fields, int count, std::uint8_t type) {
  for (int i = 0; i < count; ++i) {
    const ByteView unit = fields.take(fields.u16());
    if (unit.empty() || (unit[0] & 0x1f) != type) return false;
  }
  return true;
}

// ISO/IEC 14496-3 table 1.18.
constexpr std::array<std::uint32_t, 13> kSamplingFrequencies{96'000, 88'200, 64'000, 48'000, 44'100,
                                                             32'000, 24'000, 22'050, 16'000, 12'000,
                                                             11'025, 8'000,  7'350};

}  // namespace

Status check_avcc(ByteView avcc) {
  FieldReader fields(avcc);
  const std::uint8_t version = fields.u8();
  fields.skip(3);  // profile, compatibility, level
  const std::uint8_t length_size = (fields.u8() & 0x03) + 1;
  const int sps_count = fields.u8() & 0x1f;
  if (!fields.ok() || version != 1) return invalid_argument("avcC: not version 1");
  if (length_size != 4) return invalid_argument("avcC: NAL lengths are not 4 bytes");
  if (sps_count == 0 || !skip_parameter_sets(fields, sps_count, kSpsType)) {
    return invalid_argument("avcC: no valid sequence parameter set");
  }
  const int pps_count = fields.u8();
  if (pps_count == 0 || !skip_parameter_sets(fields, pps_count, kPpsType)) {
    return invalid_argument("avcC: no valid picture parameter set");
  }
  return Ok{};
}

Result<OpusConfig> parse_opus_config(ByteView dops) {
  FieldReader fields(dops);
  const std::uint8_t version = fields.u8();
  OpusConfig config;
  config.channel_count = fields.u8();
  config.pre_skip = fields.u16();
  config.input_sample_rate_hz = fields.u32();
  const std::uint16_t output_gain = fields.u16();
  const std::uint8_t mapping_family = fields.u8();
  if (!fields.ok() || !fields.rest().empty()) return invalid_argument("dOps: wrong size");
  if (version != 0 || mapping_family != 0 || output_gain != 0) {
    return invalid_argument("dOps: version, mapping family and gain must be 0");
  }
  if (config.channel_count < 1 || config.channel_count > 2) {
    return invalid_argument("dOps: 1 or 2 channels are supported");
  }
  return config;
}

Result<AacConfig> parse_aac_config(ByteView audio_specific_config) {
  if (audio_specific_config.size() > kAudioSpecificConfigBytes) {
    return invalid_argument("AudioSpecificConfig is too long");
  }
  // The fields up to channelConfiguration take at most 37 bits; missing bits must not pass as
  // zeros.
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    bits = bits << 8 | (i < audio_specific_config.size() ? audio_specific_config[i] : 0U);
  }
  std::size_t used = 0;
  const auto take = [&](std::size_t count) {
    used += count;
    return static_cast<std::uint32_t>(bits >> (40 - used) & ((1ULL << count) - 1));
  };
  const std::uint32_t object_type = take(5);
  const std::uint32_t frequency_index = take(4);
  AacConfig config;
  if (frequency_index < kSamplingFrequencies.size()) {
    config.sample_rate_hz = kSamplingFrequencies[frequency_index];
  } else if (frequency_index == 15) {
    config.sample_rate_hz = take(24);
  }
  config.channel_count = static_cast<std::uint8_t>(take(4));
  if (used > audio_specific_config.size() * 8) {
    return invalid_argument("AudioSpecificConfig is cut off");
  }
  if (object_type != kAacLowComplexity) {
    return invalid_argument("AudioSpecificConfig: only AAC-LC is supported");
  }
  if (config.sample_rate_hz < 8'000 || config.sample_rate_hz > 48'000) {
    return invalid_argument("AudioSpecificConfig: sample rate is not 8 to 48 kHz");
  }
  if (config.channel_count < 1 || config.channel_count > 2) {
    return invalid_argument("AudioSpecificConfig: 1 or 2 channels are supported");
  }
  return config;
}

}  // namespace sitecast
