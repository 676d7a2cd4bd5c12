// SPDX-License-Identifier: Apache-2.0
// One live part on its way from the broker to many viewers: the payload stays where the MQTT client
// put it and is shared, never copied per viewer. Immutable, so any thread may read it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::gateway {

struct LivePart {
  std::shared_ptr<const void> owner;  // keeps `frame` alive
  ByteView frame;                     // as published (proto/codec/part_frame.h)
  std::string prefix;                 // u8 length of the track's name | name
  std::uint64_t sequence = 0;
  bool starts_group = false;     // carries an init segment: decoding can start here
  ByteView media;                // moof and mdat, in `frame`
  std::uint64_t media_time = 0;  // track's timescale
  std::uint32_t duration = 0;
  std::string init_hash8;
  std::uint32_t timescale = 0;  // of one that starts a group; 0: not told here

  [[nodiscard]] std::string_view track() const { return std::string_view(prefix).substr(1); }
  [[nodiscard]] std::size_t size_bytes() const { return prefix.size() + frame.size(); }
};

// kInvalidArgument when `frame` is not a well-formed part frame. `track` is a valid track name.
Result<std::shared_ptr<const LivePart>> make_live_part(std::string_view track, ByteView frame,
                                                       std::shared_ptr<const void> owner);

}  // namespace sitecast::gateway
