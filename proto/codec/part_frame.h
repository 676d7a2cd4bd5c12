// SPDX-License-Identifier: Apache-2.0
// Part frame: the MQTT payload of `live` and `fill`, the record of the spool and the message of the
// live WebSocket. Big endian, no padding:
//
//   0      1              3                3+E          5+E              5+E+P
//   +------+--------------+----------------+------------+----------------+---------------------+
//   | 0x01 | E: u16       | PartEnvelope E | P: u16     | PartProof P    | media to the end    |
//   +------+--------------+----------------+------------+----------------+---------------------+
//
// part hash = SHA-256(PartEnvelope bytes as sent || media). Envelope, hash and media of a part
// never change; the proof may differ between two sendings. Thread-safe: pure functions. Views point
// into the caller's payload and live as long as it does.
#pragma once

#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"
#include "proto/codec/limits.h"
#include "sitecast.pb.h"

namespace sitecast {

struct PartFrameView {
  ByteView envelope_bytes;
  ByteView proof_bytes;
  ByteView media;
};

// Splits and checks sizes only. kInvalidArgument with what was wrong.
Result<PartFrameView> split_part_frame(ByteView payload);

// Parsed and checked against limits: sequence, init and file sizes, init_hash8 length and (when an
// init segment is there) value, last/key flags. Does not look into media.
Result<v1::PartEnvelope> parse_envelope(ByteView envelope_bytes);
Result<v1::PartProof> parse_proof(ByteView proof_bytes);

// Everything before the media, so that the media bytes are not copied: send header then media.
Bytes make_part_header(ByteView envelope_bytes, ByteView proof_bytes);
Bytes make_part_frame(ByteView envelope_bytes, ByteView proof_bytes, ByteView media);

inline Hash part_hash(ByteView envelope_bytes, ByteView media) {
  return sha256(envelope_bytes, media);
}
// First 8 bytes of SHA-256(init segment).
std::string init_hash8(ByteView init_segment);

}  // namespace sitecast
