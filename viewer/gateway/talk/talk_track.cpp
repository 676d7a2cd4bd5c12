// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/talk/talk_track.h"

#include <algorithm>

#include "proto/codec/part_frame.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kPacketsPerPart = 2;
constexpr std::uint64_t kInitUnits = 2ULL * kOpusTimescale;
constexpr std::uint64_t kAwayUnits = kOpusTimescale / 5;

}  // namespace

TalkTrack::TalkTrack(CaptureId capture, std::string track)
    : name_(std::move(track)), running_(capture, name_) {
  OpusInit init;
  init.channel_count = 1;
  auto made = make_opus_init(init);
  if (made.ok()) init_ = std::move(*made);
  init_hash8_ = init_hash8(init_);
}

Result<std::optional<TalkPart>> TalkTrack::add(std::string_view opus, std::int64_t media_time_us,
                                               std::int64_t captured_at_us) {
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(media_time_us, 0)) *
                   (kOpusTimescale / 1000) / 1000;
  const std::uint64_t expected = next_time_ + pending_.size() * kPacketUnits;
  std::optional<TalkPart> ended;
  if (!speaking_ || now > expected + kAwayUnits) {
    SC_TRY_ASSIGN(ended, flush());
    pending_time_ = std::max(now, next_time_);
    next_time_ = pending_time_;
    if (!speaking_) init_due_time_ = pending_time_;
    speaking_ = true;
  }
  if (pending_.empty()) {
    pending_time_ = next_time_;
    captured_at_us_ = captured_at_us;
  }
  pending_.emplace_back(opus);
  if (ended || pending_.size() < kPacketsPerPart) return ended;
  return flush();
}

Result<std::optional<TalkPart>> TalkTrack::end() {
  speaking_ = false;
  return flush();
}

Result<std::optional<TalkPart>> TalkTrack::flush() {
  if (pending_.empty()) return std::optional<TalkPart>();
  std::vector<Sample> samples;
  for (const std::string& packet : pending_) {
    samples.push_back({as_bytes(packet), kPacketUnits, true});
  }
  const std::uint64_t sequence = running_.count();
  auto chunk = make_chunk(static_cast<std::uint32_t>(sequence + 1), pending_time_, samples);
  const auto duration = static_cast<std::uint32_t>(samples.size() * kPacketUnits);
  pending_.clear();
  if (!chunk.ok()) return chunk.error();

  v1::PartEnvelope envelope;
  envelope.set_sequence(sequence);
  envelope.set_media_time(pending_time_);
  envelope.set_duration(duration);
  envelope.set_init_hash8(init_hash8_);
  if (pending_time_ >= init_due_time_) {
    envelope.set_init_segment(init_.data(), init_.size());
    envelope.set_captured_at_us(captured_at_us_);
    init_due_time_ = pending_time_ + kInitUnits;
  }
  const std::string envelope_bytes = envelope.SerializeAsString();
  const Hash hash = part_hash(as_bytes(envelope_bytes), *chunk);
  running_.add(hash);
  v1::PartProof proof;
  proof.set_part_hash16(hash.data(), 16);
  const Bytes frame =
      make_part_frame(as_bytes(envelope_bytes), as_bytes(proof.SerializeAsString()), *chunk);
  next_time_ = pending_time_ + duration;
  return std::optional(TalkPart{sequence, running_.value(),
                                std::make_shared<const std::string>(as_text(ByteView(frame)))});
}

}  // namespace sitecast::gateway
