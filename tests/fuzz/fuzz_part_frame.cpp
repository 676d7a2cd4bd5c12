// SPDX-License-Identifier: Apache-2.0
// Frame, envelope, proof and the chunk inside, as the hub and the browser read them.
#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const auto view = split_part_frame(input);
  if (!view.ok()) return;
  FUZZ_REQUIRE(make_part_frame(view->envelope_bytes, view->proof_bytes, view->media) ==
               Bytes(input.begin(), input.end()));
  if (const auto envelope = parse_envelope(view->envelope_bytes); envelope.ok()) {
    FUZZ_REQUIRE(envelope->sequence() < limits::kSequence);
    FUZZ_REQUIRE(envelope->init_segment().size() <= limits::kInitSegmentBytes);
    FUZZ_REQUIRE(!envelope->has_file() || envelope->init_hash8().empty());
    static_cast<void>(read_init(as_bytes(envelope->init_segment())));
  }
  static_cast<void>(parse_proof(view->proof_bytes));
  static_cast<void>(read_chunk(view->media));
}

}  // namespace sitecast
