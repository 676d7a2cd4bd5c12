// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/part_frame.h"

#include <fmt/format.h>

#include "proto/codec/parse_message.h"

namespace sitecast {
namespace {

constexpr std::uint8_t kFrameVersion = 1;
constexpr std::size_t kPrefixBytes = 5;  // version, E, P
constexpr std::size_t kHash8Bytes = 8;
constexpr std::size_t kHash16Bytes = 16;
// No track's clock is finer than 192 kHz, so this bounds a duration whose init is not at hand.
constexpr std::uint32_t kLongestDuration = limits::kTimescale / 1000 * limits::kPartDurationMs;

std::size_t read_u16(ByteView bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

void append_block(Bytes& out, ByteView block) {
  out.push_back(static_cast<std::uint8_t>(block.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(block.size() & 0xff));
  out.insert(out.end(), block.begin(), block.end());
}

Status check_file_info(const v1::FileInfo& file) {
  if (file.name().empty() || file.name().size() > limits::kNameBytes) {
    return invalid_argument(fmt::format("file name has {} bytes, allowed are 1 to {}",
                                        file.name().size(), limits::kNameBytes));
  }
  if (file.media_type().empty() || file.media_type().size() > limits::kMediaTypeBytes) {
    return invalid_argument(fmt::format("media type has {} bytes, allowed are 1 to {}",
                                        file.media_type().size(), limits::kMediaTypeBytes));
  }
  if (file.size_bytes() > limits::kFileBytes) {
    return invalid_argument(
        fmt::format("file of {} bytes is larger than {}", file.size_bytes(), limits::kFileBytes));
  }
  if (file.sha256().size() != sizeof(Hash)) {
    return invalid_argument(
        fmt::format("file hash has {} bytes instead of {}", file.sha256().size(), sizeof(Hash)));
  }
  return Ok{};
}

// A part without init_hash8 is a block of a file track.
Status check_block_envelope(const v1::PartEnvelope& envelope) {
  if (!envelope.init_segment().empty()) return invalid_argument("init segment without init_hash8");
  if (envelope.key_frame()) return invalid_argument("key_frame without init_hash8");
  if (envelope.duration() != 0) return invalid_argument("duration without init_hash8");
  if (envelope.has_file() != (envelope.sequence() == 0)) {
    return invalid_argument("file info belongs on block 0 of a file track and nowhere else");
  }
  if (envelope.sequence() == 0 && envelope.media_time() != 0) {
    return invalid_argument("block 0 of a file does not start at byte 0");
  }
  if (envelope.media_time() > limits::kFileBytes) {
    return invalid_argument("block beyond the largest file");
  }
  return envelope.has_file() ? check_file_info(envelope.file()) : Status(Ok{});
}

Status check_media_envelope(const v1::PartEnvelope& envelope) {
  if (envelope.init_hash8().size() != kHash8Bytes) {
    return invalid_argument(fmt::format("init_hash8 has {} bytes instead of {}",
                                        envelope.init_hash8().size(), kHash8Bytes));
  }
  if (envelope.has_file()) return invalid_argument("file info on a part of a media track");
  if (envelope.duration() > kLongestDuration) {
    return invalid_argument(
        fmt::format("duration {} is longer than any part", envelope.duration()));
  }
  const std::string& init = envelope.init_segment();
  if (init.size() > limits::kInitSegmentBytes) {
    return invalid_argument(fmt::format("init segment of {} bytes is larger than {}", init.size(),
                                        limits::kInitSegmentBytes));
  }
  if (!init.empty() && init_hash8(as_bytes(init)) != envelope.init_hash8()) {
    return invalid_argument("init_hash8 is not the hash of the init segment");
  }
  return Ok{};
}

}  // namespace

Result<PartFrameView> split_part_frame(ByteView payload) {
  if (payload.size() < kPrefixBytes) {
    return invalid_argument(fmt::format("part frame of {} bytes is too short", payload.size()));
  }
  if (payload[0] != kFrameVersion) {
    return invalid_argument(fmt::format("part frame version {} is unknown", payload[0]));
  }
  const std::size_t envelope_size = read_u16(payload, 1);
  if (envelope_size > limits::kEnvelopeBytes) {
    return invalid_argument(fmt::format("envelope of {} bytes is larger than {}", envelope_size,
                                        limits::kEnvelopeBytes));
  }
  if (payload.size() < kPrefixBytes + envelope_size) {
    return invalid_argument("part frame ends inside the envelope");
  }
  const std::size_t proof_size = read_u16(payload, 3 + envelope_size);
  if (proof_size > limits::kProofBytes) {
    return invalid_argument(
        fmt::format("proof of {} bytes is larger than {}", proof_size, limits::kProofBytes));
  }
  const std::size_t media_at = kPrefixBytes + envelope_size + proof_size;
  if (payload.size() < media_at) return invalid_argument("part frame ends inside the proof");
  if (payload.size() - media_at > limits::kPartBytes) {
    return invalid_argument(fmt::format("media of {} bytes is larger than {}",
                                        payload.size() - media_at, limits::kPartBytes));
  }
  return PartFrameView{payload.subspan(3, envelope_size),
                       payload.subspan(kPrefixBytes + envelope_size, proof_size),
                       payload.subspan(media_at)};
}

Result<v1::PartEnvelope> parse_envelope(ByteView envelope_bytes) {
  if (envelope_bytes.size() > limits::kEnvelopeBytes) {
    return invalid_argument("envelope is larger than its limit");
  }
  v1::PartEnvelope envelope;
  if (!parse_message(envelope, envelope_bytes)) {
    return invalid_argument("envelope is not a valid PartEnvelope message");
  }
  if (envelope.sequence() >= limits::kSequence) {
    return invalid_argument(fmt::format("sequence {} is beyond 2^40", envelope.sequence()));
  }
  if (envelope.media_time() >= limits::kMediaTime) {
    return invalid_argument(fmt::format("media time {} is beyond 2^53", envelope.media_time()));
  }
  if (envelope.captured_at_us() < 0 || envelope.captured_at_us() > limits::kLatestTimeUs) {
    return invalid_argument("captured_at_us is outside the years 1970 to 9999");
  }
  SC_TRY(envelope.init_hash8().empty() ? check_block_envelope(envelope)
                                       : check_media_envelope(envelope));
  return envelope;
}

Result<v1::PartProof> parse_proof(ByteView proof_bytes) {
  if (proof_bytes.size() > limits::kProofBytes) {
    return invalid_argument("proof is larger than its limit");
  }
  v1::PartProof proof;
  if (!parse_message(proof, proof_bytes)) {
    return invalid_argument("proof is not a valid PartProof message");
  }
  if (proof.part_hash16().size() != kHash16Bytes) {
    return invalid_argument(fmt::format("part_hash16 has {} bytes instead of {}",
                                        proof.part_hash16().size(), kHash16Bytes));
  }
  if (proof.has_head()) {
    const v1::SignedHead& head = proof.head();
    if (head.sequence() >= limits::kSequence || head.running_hash().size() != sizeof(Hash) ||
        head.signature().size() != limits::kSignatureBytes) {
      return invalid_argument("signed head has a field of the wrong size");
    }
  }
  return proof;
}

Bytes make_part_header(ByteView envelope_bytes, ByteView proof_bytes) {
  Bytes header;
  header.reserve(kPrefixBytes + envelope_bytes.size() + proof_bytes.size());
  header.push_back(kFrameVersion);
  append_block(header, envelope_bytes);
  append_block(header, proof_bytes);
  return header;
}

Bytes make_part_frame(ByteView envelope_bytes, ByteView proof_bytes, ByteView media) {
  Bytes frame;
  frame.reserve(kPrefixBytes + envelope_bytes.size() + proof_bytes.size() + media.size());
  frame.push_back(kFrameVersion);
  append_block(frame, envelope_bytes);
  append_block(frame, proof_bytes);
  frame.insert(frame.end(), media.begin(), media.end());
  return frame;
}

std::string init_hash8(ByteView init_segment) {
  const Hash hash = sha256(init_segment);
  return to_string(ByteView(hash).first(kHash8Bytes));
}

}  // namespace sitecast
