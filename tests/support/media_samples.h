// SPDX-License-Identifier: Apache-2.0
// Small made-up media for tests that look at structure, not at pictures.
#pragma once

#include <random>
#include <vector>

#include "proto/codec/cmaf_muxer.h"

namespace sitecast {

// A real decoder configuration: x264, 320x240, High profile, level 2.
inline Bytes example_avcc() {
  return *hex_decode(
      "01640014ffe1001c67640014acb40a0fd80b5060606a50000003001000000303c8f142aa01000468ef3cb0");
}
inline Bytes example_video_init() { return *make_video_init({320, 240, example_avcc()}); }
inline Bytes example_opus_init() { return *make_opus_init({}); }
// AAC-LC, 48 kHz, stereo.
inline Bytes example_aac_init() { return *make_aac_init({2, 48'000, {0x11, 0x90}}); }

// Samples with random bytes; they own their data, so the views in `samples` stay valid.
struct RandomSamples {
  RandomSamples(std::mt19937_64& random, std::size_t count, std::size_t largest_bytes) {
    for (std::size_t i = 0; i < count; ++i) {
      Bytes bytes(1 + random() % largest_bytes);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
      data.push_back(std::move(bytes));
      samples.push_back(
          {data.back(), 1 + static_cast<std::uint32_t>(random() % 100'000), random() % 2 == 0});
    }
  }
  RandomSamples(const RandomSamples&) = delete;
  RandomSamples& operator=(const RandomSamples&) = delete;

  std::vector<Bytes> data;
  std::vector<Sample> samples;
};

}  // namespace sitecast
