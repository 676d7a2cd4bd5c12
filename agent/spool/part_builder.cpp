// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/part_builder.h"

#include <fmt/format.h>

#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {
namespace {

v1::PartEnvelope make_envelope(const NewPart& part, std::uint64_t sequence) {
  v1::PartEnvelope envelope;
  envelope.set_sequence(sequence);
  envelope.set_media_time(part.media_time);
  envelope.set_duration(part.duration);
  envelope.set_key_frame(part.key_frame);
  envelope.set_init_hash8(part.init_hash8);
  if (!part.init_segment.empty()) {
    envelope.set_init_segment(part.init_segment.data(), part.init_segment.size());
  }
  if (part.has_file) *envelope.mutable_file() = part.file;
  if (part.has_file || !part.init_segment.empty()) {
    envelope.set_captured_at_us(part.captured_at_us);
  }
  envelope.set_last(part.last);
  return envelope;
}

Status check_media(const NewPart& part, std::string_view track) {
  const auto kind = track_kind(track);
  if (!kind) return invalid_argument(fmt::format("'{}' is not a track name", track));
  const std::size_t limit = is_file_track(*kind) ? limits::kFileBlockBytes : limits::kPartBytes;
  if (part.media.empty() || part.media.size() > limit) {
    return invalid_argument(fmt::format("part of track {} has {} bytes, allowed are 1 to {}", track,
                                        part.media.size(), limit));
  }
  return Ok{};
}

}  // namespace

Result<BuiltPart> PartBuilder::build(const NewPart& part, const SigningKey& key,
                                     std::int64_t monotonic_us) {
  SC_TRY(check_media(part, track_));
  const std::string envelope = make_envelope(part, running_.count()).SerializeAsString();
  if (envelope.size() > limits::kEnvelopeBytes) {
    return invalid_argument(fmt::format("envelope of {} bytes, allowed are {}", envelope.size(),
                                        limits::kEnvelopeBytes));
  }
  const auto checked = parse_envelope(as_bytes(envelope));
  if (!checked.ok()) return checked.error().within("part of track " + track_);

  BuiltPart built;
  built.head.sequence = running_.count();
  built.head.part_hash = part_hash(as_bytes(envelope), part.media);
  RunningHash next = running_;
  next.add(built.head.part_hash);
  built.head.running_hash = next.value();

  v1::PartProof proof;
  proof.set_part_hash16(built.head.part_hash.data(), 16);
  pending_signed_at_us_ = signed_at_us_;
  if (part.last || running_.count() == 0 || monotonic_us - signed_at_us_ >= kHeadIntervalUs) {
    *proof.mutable_head() = sign_head(key, capture_, track_, next);
    pending_signed_at_us_ = monotonic_us;
  }
  const Bytes header = make_part_header(as_bytes(envelope), as_bytes(proof.SerializeAsString()));
  auto frame = std::make_shared<std::string>();
  frame->reserve(header.size() + part.media.size());
  frame->append(as_text(header));
  frame->append(as_text(part.media));
  built.frame = std::move(frame);
  return built;
}

void PartBuilder::commit(const BuiltPart& built) {
  running_ = RunningHash(built.head.sequence + 1, built.head.running_hash);
  signed_at_us_ = pending_signed_at_us_;
}

}  // namespace sitecast::agent
