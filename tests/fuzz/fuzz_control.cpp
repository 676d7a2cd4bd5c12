// SPDX-License-Identifier: Apache-2.0
// Hello, receipt, status, down, talk and the feed's events; the first byte of the input says which.
#include "proto/codec/control.h"
#include "proto/codec/limits.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {
namespace {

void fuzz_receipt(ByteView bytes) {
  const auto receipt = parse_receipt(bytes);
  if (!receipt.ok()) return;
  for (const v1::TrackReceipt& track : receipt->tracks()) {
    for (const v1::SequenceRange& range : track.beyond()) {
      FUZZ_REQUIRE(range.first() > track.contiguous());
      FUZZ_REQUIRE(range.first() + range.count() <= 2 * limits::kSequence);
    }
  }
}

}  // namespace

void fuzz_one(ByteView input) {
  if (input.empty()) return;
  const ByteView bytes = input.subspan(1);
  switch (input[0] % 6) {
    case 0: static_cast<void>(parse_hello(bytes)); break;
    case 1: fuzz_receipt(bytes); break;
    case 2: static_cast<void>(parse_status(bytes)); break;
    case 4: static_cast<void>(parse_down(bytes)); break;
    case 5: static_cast<void>(parse_talk(bytes)); break;
    default: static_cast<void>(parse_committed_event(bytes)); break;
  }
}

}  // namespace sitecast
