// SPDX-License-Identifier: Apache-2.0
// Sound from the source to parts in the store: one continuous line of samples, Opus, part
// assembler. Threads: take() from the source's sound thread; parts are emitted from the encoder's
// thread; finish() by the owner after the source was stopped. Counters from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/capture/audio_timeline.h"
#include "agent/capture/source.h"
#include "agent/encode/audio_encoder.h"
#include "agent/encode/encode_options.h"
#include "agent/encode/part_assembler.h"
#include "proto/base/result.h"

namespace sitecast::agent {

class AudioPath {
 public:
  AudioPath(const EncodeOptions& options, std::int64_t captured_at_us, PartAssembler::Emit emit);

  // From the next packet on. Any thread.
  void set_quality(const LiveQuality& quality);

  Status take(const RawMedia& sound);
  Status finish();
  std::optional<Error> take_error();

  [[nodiscard]] std::uint64_t frame_count() const { return frame_count_; }
  [[nodiscard]] std::int64_t end_us() const { return end_us_; }

 private:
  Status push_silence(std::uint64_t samples, std::uint64_t position);
  void on_packet(EncodedFrame packet, std::optional<OpusInit> init);
  void fail(const Status& status);

  const EncodeOptions options_;
  std::atomic<std::uint32_t> bitrate_kbps_;
  PartAssembler assembler_;  // encoder's thread; after finish() the owner's
  std::atomic<std::uint64_t> frame_count_{0};
  std::atomic<std::int64_t> end_us_{0};
  std::mutex mutex_;
  std::optional<Error> error_;  // under mutex_

  // Sound thread only.
  std::uint8_t channel_count_ = 0;
  std::uint32_t encoder_kbps_ = 0;
  AudioTimeline timeline_;
  std::unique_ptr<AudioEncoder> encoder_;  // last: its thread uses what is above
};

}  // namespace sitecast::agent
