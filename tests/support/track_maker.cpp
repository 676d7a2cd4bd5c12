// SPDX-License-Identifier: Apache-2.0
#include "tests/support/track_maker.h"

#include <cstring>

#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"
#include "tests/support/media_samples.h"

namespace sitecast {
namespace {

Bytes serialized(const google::protobuf::MessageLite& message) {
  const std::string text = message.SerializeAsString();
  return {text.begin(), text.end()};
}

Bytes init_for(TrackKind kind) {
  switch (kind) {
    case TrackKind::kVideo:
    case TrackKind::kMaster: return example_video_init();
    case TrackKind::kAudio:
    case TrackKind::kTalk: return example_opus_init();
    default: return {};
  }
}

}  // namespace

Bytes MadePart::frame() const { return make_part_frame(envelope, proof, media); }

TrackMaker::TrackMaker(CaptureId capture, std::string track, SigningKey key, TrackOptions options)
    : capture_(capture),
      track_(std::move(track)),
      key_(std::move(key)),
      options_(options),
      file_(is_file_track(*track_kind(track_))),
      init_(init_for(*track_kind(track_))),
      random_(options.seed),
      running_(capture, track_) {
  if (!file_) init_hash8_ = sitecast::init_hash8(init_);
}

MadePart TrackMaker::next(bool last) {
  MadePart part;
  part.sequence = running_.count();
  part.media_time = media_time_;
  part.starts_segment =
      file_ ? part.sequence == 0 : part.sequence % options_.parts_per_segment == 0;
  part.last = last;
  part.init_hash8 = init_hash8_;

  Bytes payload(options_.part_bytes);
  for (std::size_t i = 0; i + 8 <= payload.size(); i += 8) {
    const std::uint64_t value = random_();
    std::memcpy(payload.data() + i, &value, sizeof value);
  }
  v1::PartEnvelope envelope;
  envelope.set_sequence(part.sequence);
  envelope.set_media_time(part.media_time);
  envelope.set_last(last);
  if (file_) {
    part.media = std::move(payload);
    media_time_ += part.media.size();
    if (part.sequence == 0) {
      envelope.mutable_file()->set_name("photo.jpg");
      envelope.mutable_file()->set_media_type("image/jpeg");
      envelope.mutable_file()->set_size_bytes(options_.file_size_bytes);
      envelope.mutable_file()->set_sha256(std::string(32, 'x'));
    }
  } else {
    part.duration = options_.part_duration;
    part.media = *make_chunk(static_cast<std::uint32_t>(part.sequence + 1), part.media_time,
                             {{payload, part.duration, part.starts_segment}});
    media_time_ += part.duration;
    envelope.set_duration(part.duration);
    envelope.set_key_frame(part.starts_segment);
    envelope.set_init_hash8(init_hash8_);
    if (part.starts_segment) {
      envelope.set_init_segment(to_string(init_));
      envelope.set_captured_at_us(1'700'000'000'000'000 + static_cast<std::int64_t>(part.sequence));
    }
  }
  part.envelope = serialized(envelope);
  part.hash = part_hash(part.envelope, part.media);
  running_.add(part.hash);

  v1::PartProof proof;
  proof.set_part_hash16(part.hash.data(), 16);
  if (last || running_.count() % options_.parts_per_head == 0) {
    *proof.mutable_head() = sign_head(key_, capture_, track_, running_);
  }
  part.proof = serialized(proof);
  return part;
}

}  // namespace sitecast
