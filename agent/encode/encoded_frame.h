// SPDX-License-Identifier: Apache-2.0
// One encoded picture or one Opus packet on its way from an encoder to the part assembler.
// Thread-safety: plain value.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace sitecast::agent {

struct EncodedFrame {
  Bytes data;                    // H.264: length-prefixed NAL units; Opus: one packet
  std::uint64_t media_time = 0;  // track's timescale
  std::uint32_t duration = 0;  // expected until the next frame; that one's media_time is the truth
  bool key_frame = false;
};

}  // namespace sitecast::agent
