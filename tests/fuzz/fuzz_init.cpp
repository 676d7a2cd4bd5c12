// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const auto info = read_init(input);
  FUZZ_REQUIRE(codec_string(input).ok() == info.ok());
  if (!info.ok()) return;
  FUZZ_REQUIRE(info->timescale > 0);
  FUZZ_REQUIRE(is_within(info->sample_entry, input));
  FUZZ_REQUIRE(is_within(info->codec_config, info->sample_entry));
  FUZZ_REQUIRE((info->width_px > 0 && info->height_px > 0) == (info->codec == Codec::kAvc));
  FUZZ_REQUIRE((info->channel_count > 0 && info->sample_rate_hz > 0) ==
               (info->codec != Codec::kAvc));
}

}  // namespace sitecast
