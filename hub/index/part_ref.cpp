// SPDX-License-Identifier: Apache-2.0
#include "hub/index/part_ref.h"

#include "proto/codec/part_frame.h"

namespace sitecast::hub {

Result<IndexedPart> index_part(TrackKind kind, const SidecarRecord& record) {
  IndexedPart part;
  SC_TRY_ASSIGN(part.envelope, parse_envelope(record.envelope_bytes));
  PartRef& ref = part.ref;
  ref.sequence = part.envelope.sequence();
  ref.media_time = part.envelope.media_time();
  ref.duration = part.envelope.duration();
  ref.media_offset = record.media_offset;
  ref.size_bytes = record.media_size_bytes;
  ref.starts_segment =
      is_file_track(kind) ? ref.sequence == 0 : !part.envelope.init_segment().empty();
  ref.filled_later = (record.flags & kArrivedLive) == 0;
  ref.last = part.envelope.last();
  ref.init_hash8 = part.envelope.init_hash8();
  return part;
}

}  // namespace sitecast::hub
