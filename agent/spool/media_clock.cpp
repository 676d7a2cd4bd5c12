// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/media_clock.h"

#include "proto/codec/box_reader.h"

namespace sitecast::agent {

std::uint32_t media_timescale(ByteView init_segment) {
  const auto init = read_init(init_segment);
  return init.ok() ? init->timescale : 0;
}

}  // namespace sitecast::agent
