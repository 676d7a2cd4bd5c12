// SPDX-License-Identifier: Apache-2.0
// Records of the hub's journals: the sidecar of a track and the event log. A damaged disk is an
// input like any other. The checksum would stop nearly every mutation, so the input is also read as
// the body of a record whose checksum is right.
#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "proto/base/crc32c.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {
namespace {

void append_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0xff));
  }
}

Bytes as_record(ByteView body) {
  Bytes record;
  append_u32(record, static_cast<std::uint32_t>(body.size()));
  append_u32(record, crc32c(body));
  record.insert(record.end(), body.begin(), body.end());
  return record;
}

void read_journals(ByteView bytes) {
  if (const auto parsed = hub::parse_sidecar_record(bytes)) {
    FUZZ_REQUIRE(parsed->size_bytes > 0 && parsed->size_bytes <= bytes.size());
    FUZZ_REQUIRE(is_within(parsed->record.envelope_bytes, bytes));
    FUZZ_REQUIRE(is_within(parsed->record.proof_bytes, bytes));
    Bytes again;
    hub::append_sidecar_record(again, parsed->record);
    FUZZ_REQUIRE(again == Bytes(bytes.begin(),
                                bytes.begin() + static_cast<std::ptrdiff_t>(parsed->size_bytes)));
  }
  if (const auto parsed = hub::parse_event_record(bytes)) {
    FUZZ_REQUIRE(parsed->size_bytes > 0 && parsed->size_bytes <= bytes.size());
    FUZZ_REQUIRE(is_within(parsed->record.event_bytes, bytes));
  }
}

}  // namespace

void fuzz_one(ByteView input) {
  read_journals(input);
  read_journals(as_record(input));
}

}  // namespace sitecast
