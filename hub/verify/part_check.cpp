// SPDX-License-Identifier: Apache-2.0
#include "hub/verify/part_check.h"

#include <fmt/format.h>

#include "proto/codec/box_reader.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

bool is_video(TrackKind kind) { return kind == TrackKind::kVideo || kind == TrackKind::kMaster; }

Status check_block(const v1::PartEnvelope& envelope, ByteView media) {
  if (!envelope.init_hash8().empty()) return invalid_argument("a file block names an init segment");
  if (media.size() > limits::kFileBlockBytes) {
    return invalid_argument(fmt::format("file block of {} bytes is larger than {}", media.size(),
                                        limits::kFileBlockBytes));
  }
  return Ok{};
}

Status check_init(TrackKind kind, const v1::PartEnvelope& envelope) {
  auto init = read_init(as_bytes(envelope.init_segment()));
  if (!init.ok()) return init.error().within("init segment");
  if (is_video(kind) != (init->codec == Codec::kAvc)) {
    return invalid_argument("the init segment's codec does not fit the track");
  }
  const auto longest = std::uint64_t{init->timescale} * limits::kPartDurationMs / 1000;
  if (envelope.duration() > longest) {
    return invalid_argument(fmt::format("part of {} units is longer than {} ms",
                                        envelope.duration(), limits::kPartDurationMs));
  }
  return Ok{};
}

// The boxes say the same as the envelope.
Status check_chunk(TrackKind kind, const v1::PartEnvelope& envelope, ByteView media) {
  if (envelope.init_hash8().empty()) return invalid_argument("part names no init segment");
  const auto chunk = read_chunk(media);
  if (!chunk.ok()) return chunk.error().within("chunk");
  if (chunk->decode_time != envelope.media_time()) {
    return invalid_argument(
        fmt::format("tfdt {} is not media_time {}", chunk->decode_time, envelope.media_time()));
  }
  if (chunk->fragment_number != static_cast<std::uint32_t>(envelope.sequence() + 1)) {
    return invalid_argument(fmt::format("fragment number {} does not follow from sequence {}",
                                        chunk->fragment_number, envelope.sequence()));
  }
  if (chunk->duration != envelope.duration()) {
    return invalid_argument(fmt::format("samples last {} units, the envelope says {}",
                                        chunk->duration, envelope.duration()));
  }
  if (is_video(kind)) {
    if (chunk->starts_with_key_frame != envelope.key_frame()) {
      return invalid_argument("key_frame is not what the first sample says");
    }
    if (!envelope.init_segment().empty() && !envelope.key_frame()) {
      return invalid_argument("init segment on a part that is no key frame");
    }
  }
  return envelope.init_segment().empty() ? Status(Ok{}) : check_init(kind, envelope);
}

}  // namespace

Result<CheckedPart> check_part(const Topic& topic, ByteView payload) {
  SC_TRY_ASSIGN(const PartFrameView frame, split_part_frame(payload));
  SC_TRY_ASSIGN(const v1::PartEnvelope envelope, parse_envelope(frame.envelope_bytes));
  CheckedPart checked;
  SC_TRY_ASSIGN(checked.proof, parse_proof(frame.proof_bytes));
  PartToStore& part = checked.part;
  part.hash = part_hash(frame.envelope_bytes, frame.media);
  if (as_text(ByteView(part.hash).first(16)) != checked.proof.part_hash16()) {
    return invalid_argument("the part's hash is not the one that was sent: its bytes are damaged");
  }
  const TrackKind kind = *track_kind(topic.track);  // parse_topic() made sure that it is one
  SC_TRY(is_file_track(kind) ? check_block(envelope, frame.media)
                             : check_chunk(kind, envelope, frame.media));
  part.sequence = envelope.sequence();
  part.live = topic.kind == TopicKind::kLive;
  part.carries_init = !envelope.init_segment().empty();
  part.last = envelope.last();
  part.envelope_bytes = frame.envelope_bytes;
  part.proof_bytes = frame.proof_bytes;
  part.media = frame.media;
  return checked;
}

}  // namespace sitecast::hub
