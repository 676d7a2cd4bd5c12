// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/part.h"

#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"

namespace sitecast::gateway {

Result<std::shared_ptr<const LivePart>> make_live_part(std::string_view track, ByteView frame,
                                                       std::shared_ptr<const void> owner) {
  SC_TRY_ASSIGN(const auto split, split_part_frame(frame));
  SC_TRY_ASSIGN(const auto envelope, parse_envelope(split.envelope_bytes));
  auto part = std::make_shared<LivePart>();
  part->owner = std::move(owner);
  part->frame = frame;
  part->prefix = static_cast<char>(track.size());
  part->prefix += track;
  part->sequence = envelope.sequence();
  part->starts_group = !envelope.init_segment().empty();
  part->media = split.media;
  part->media_time = envelope.media_time();
  part->duration = envelope.duration();
  part->init_hash8 = envelope.init_hash8();
  if (part->starts_group) {
    const auto init = read_init(as_bytes(envelope.init_segment()));
    if (init.ok()) part->timescale = init->timescale;
  }
  return std::shared_ptr<const LivePart>(std::move(part));
}

}  // namespace sitecast::gateway
