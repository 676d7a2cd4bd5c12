// SPDX-License-Identifier: Apache-2.0
// Pictures from the source to parts in the store: frame rate cap, key frames by media time,
// encoder, part assembler. A source that changes its format gets a new encoder and, with its key
// frame, a new init segment. Threads: take() from the source's picture thread; parts are emitted
// from the encoder's thread; finish() by the owner after the source was stopped. Counters from any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/capture/source.h"
#include "agent/encode/encode_options.h"
#include "agent/encode/encoder_choice.h"
#include "agent/encode/part_assembler.h"
#include "agent/encode/video_encoder.h"
#include "proto/base/result.h"

namespace sitecast::agent {

class VideoPath {
 public:
  struct Options {
    EncodeOptions encode;
    EncoderChoice encoder;
    std::int64_t captured_at_us = 0;
    bool lossy = false;  // live: drop a picture rather than wait for the encoder
  };

  VideoPath(Options options, PartAssembler::Emit emit);

  // How pictures are encoded from the next on. Any thread.
  void set_quality(const LiveQuality& quality);

  // Waits for a busy encoder unless `lossy`; interrupt() ends the wait.
  Status take(const RawMedia& picture);
  void interrupt() { interrupted_ = true; }
  // Encodes and emits what is in hand. Blocking.
  Status finish();
  // Failure of the encoder or of emitting since the last call, if any. Any thread.
  std::optional<Error> take_error();

  [[nodiscard]] std::uint64_t frame_count() const { return frame_count_; }
  [[nodiscard]] std::uint64_t dropped_count() const { return dropped_count_; }
  void count_dropped() { ++dropped_count_; }
  // End of what was emitted.
  [[nodiscard]] std::int64_t end_us() const { return end_us_; }

 private:
  void take_quality();
  [[nodiscard]] bool within_rate(std::int64_t media_time_ns);
  Status ensure_encoder(GstCaps* caps);
  Status wait_for_encoder(bool& room);
  std::int64_t expected_duration(const RawMedia& picture);
  void on_frame(EncodedFrame frame, std::optional<VideoInit> init);
  void fail(const Status& status);

  const Options options_;
  PartAssembler assembler_;  // encoder's thread; after finish() the owner's
  std::atomic<bool> interrupted_{false};
  std::atomic<std::uint64_t> frame_count_{0};
  std::atomic<std::uint64_t> dropped_count_{0};
  std::atomic<std::int64_t> end_us_{0};
  std::mutex mutex_;
  std::optional<Error> error_;                // under mutex_
  std::optional<LiveQuality> wanted_;         // under mutex_: not taken yet
  std::atomic<bool> quality_changed_{false};  // wanted_ is set: pictures look without the mutex

  // Picture thread only.
  EncodeOptions encode_;  // as it is now
  bool paused_ = false;   // no pictures
  bool renew_encoder_ = false;
  std::int64_t still_every_ns_ = 0;  // 0: pictures move
  double source_fps_ = 0;
  std::int64_t next_due_ns_ = 0;
  std::int64_t last_time_ns_ = -1;
  std::int64_t interval_ns_ = 0;
  std::int64_t last_key_ns_ = 0;
  bool key_wanted_ = true;
  std::unique_ptr<VideoEncoder> encoder_;  // last: its thread uses what is above
};

}  // namespace sitecast::agent
