// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/audio_path.h"

#include <algorithm>
#include <utility>

#include "agent/gst/buffer.h"

namespace sitecast::agent {
namespace {

// Fewer, larger parts where the link is thin: every part costs its envelope and headers.
constexpr std::uint32_t kThinLinkPartMs = 120;
constexpr std::uint64_t kSilencePiece = kOpusTimescale;  // one second at a time

std::uint8_t channels_of(GstSample* sample) {
  int channels = 0;
  gst_structure_get_int(gst_caps_get_structure(gst_sample_get_caps(sample), 0), "channels",
                        &channels);
  return static_cast<std::uint8_t>(std::clamp(channels, 1, 2));
}

}  // namespace

AudioPath::AudioPath(const EncodeOptions& options, std::int64_t captured_at_us,
                     PartAssembler::Emit emit)
    : options_(options),
      bitrate_kbps_(options.audio_bitrate_kbps),
      assembler_(
          {PartAssembler::Kind::kAudio, kOpusTimescale, options.audio_part_ms, captured_at_us},
          std::move(emit)) {}

void AudioPath::set_quality(const LiveQuality& quality) {
  if (quality.audio_kbps == 0) return;
  bitrate_kbps_ = std::min(options_.audio_bitrate_kbps, quality.audio_kbps);
  const bool thin = bitrate_kbps_ < options_.audio_bitrate_kbps;
  assembler_.set_part_duration(thin ? std::max(options_.audio_part_ms, kThinLinkPartMs)
                                    : options_.audio_part_ms);
}

Status AudioPath::take(const RawMedia& sound) {
  const std::uint8_t channels = channels_of(sound.sample.get());
  if (!encoder_) {
    channel_count_ = channels;
    encoder_kbps_ = bitrate_kbps_;
    SC_TRY_ASSIGN(encoder_, AudioEncoder::make(channels, encoder_kbps_,
                                               [this](EncodedFrame packet, auto init) {
                                                 on_packet(std::move(packet), init);
                                               }));
  }
  if (const std::uint32_t kbps = bitrate_kbps_; kbps != encoder_kbps_) {
    encoder_->set_bitrate(kbps);
    encoder_kbps_ = kbps;
  }
  if (channels != channel_count_) {
    return invalid_argument("the sound changes between mono and stereo; record it as two captures");
  }
  const gst::MappedBuffer map(gst_sample_get_buffer(sound.sample.get()));
  if (!map.ok()) return internal_error("a stretch of sound cannot be read");
  const std::size_t sample_bytes = sizeof(std::int16_t) * channel_count_;
  SC_TRY_ASSIGN(
      const AudioTimeline::Placement placement,
      timeline_.place(sound.media_time_ns, map.bytes().size() / sample_bytes, sound.discontinuity));
  SC_TRY(push_silence(placement.silence_samples, placement.position));
  if (placement.take_samples == 0) return Ok{};
  return encoder_->push(map.bytes().subspan(placement.skip_samples * sample_bytes,
                                            placement.take_samples * sample_bytes),
                        placement.position + placement.silence_samples);
}

Status AudioPath::push_silence(std::uint64_t samples, std::uint64_t position) {
  const std::size_t sample_bytes = sizeof(std::int16_t) * channel_count_;
  while (samples > 0) {
    const std::uint64_t piece = std::min(samples, kSilencePiece);
    SC_TRY(encoder_->push(Bytes(piece * sample_bytes, 0), position));
    position += piece;
    samples -= piece;
  }
  return Ok{};
}

void AudioPath::on_packet(EncodedFrame packet, std::optional<OpusInit> init) {
  if (init) {
    Result<Bytes> segment = make_opus_init(*init);
    if (!segment.ok()) return fail(segment.error().within("audio init segment"));
    if (Status status = assembler_.set_init(std::move(*segment)); !status.ok()) return fail(status);
  }
  if (Status status = assembler_.add(std::move(packet)); !status.ok()) return fail(status);
  frame_count_ = assembler_.frame_count();
  end_us_ = static_cast<std::int64_t>(assembler_.end_media_time() * 1'000'000 / kOpusTimescale);
}

Status AudioPath::finish() {
  Status status = encoder_ ? encoder_->finish() : Status(Ok{});
  encoder_.reset();
  Status flushed = assembler_.flush();
  frame_count_ = assembler_.frame_count();
  end_us_ = static_cast<std::int64_t>(assembler_.end_media_time() * 1'000'000 / kOpusTimescale);
  return status.ok() ? flushed : status;
}

void AudioPath::fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = status.error();
}

std::optional<Error> AudioPath::take_error() {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return std::exchange(error_, std::nullopt);
  }
  return std::nullopt;
}

}  // namespace sitecast::agent
