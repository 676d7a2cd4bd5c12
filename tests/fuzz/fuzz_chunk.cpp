// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/limits.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

// What was read makes a chunk that reads the same, however the first one was written.
void fuzz_one(ByteView input) {
  const auto info = read_chunk(input);
  if (!info.ok()) return;
  FUZZ_REQUIRE(is_within(info->payload, input));
  FUZZ_REQUIRE(!info->samples.empty() && info->samples.size() <= limits::kSamplesPerPart);
  std::vector<Sample> samples;
  std::size_t at = 0;
  for (const SampleInfo& sample : info->samples) {
    FUZZ_REQUIRE(sample.size_bytes <= info->payload.size() - at);
    samples.push_back(
        {info->payload.subspan(at, sample.size_bytes), sample.duration, sample.key_frame});
    at += sample.size_bytes;
  }
  FUZZ_REQUIRE(at == info->payload.size());
  const auto again = make_chunk(info->fragment_number, info->decode_time, samples);
  FUZZ_REQUIRE(again.ok() || input.size() + 16 * samples.size() > limits::kPartBytes);
  if (!again.ok()) return;
  const auto second = read_chunk(*again);
  FUZZ_REQUIRE(second.ok() && second->duration == info->duration &&
               second->decode_time == info->decode_time &&
               second->starts_with_key_frame == info->starts_with_key_frame);
}

}  // namespace sitecast
