// SPDX-License-Identifier: Apache-2.0
// Cuts one track's encoded frames into parts through the CMAF muxer. A part is emitted with the
// frame that fills it, never held for the next frame's time; a video key frame always begins a new
// part and carries the init segment, audio repeats its own every kAudioInitIntervalMs. Owner
// thread: one at a time. No I/O; the emit function is called from within add() and flush().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/encode/encoded_frame.h"
#include "agent/spool/capture_writer.h"
#include "proto/base/result.h"

namespace sitecast::agent {

inline constexpr std::uint32_t kAudioInitIntervalMs = 2'000;

class PartAssembler {
 public:
  enum class Kind { kVideo, kAudio };
  using Emit = std::function<Status(NewPart)>;

  struct Options {
    Kind kind = Kind::kVideo;
    std::uint32_t timescale = 0;
    std::uint32_t part_ms = 0;
    std::int64_t captured_at_us = 0;  // wall clock of media time 0
  };

  PartAssembler(Options options, Emit emit);

  // Init segment of the frames that follow. A change takes effect with the next key frame, before
  // which the frames in hand are emitted under the old one.
  Status set_init(Bytes init_segment);

  // From the next part on. Any thread.
  void set_part_duration(std::uint32_t part_ms) { part_ms_ = part_ms; }

  // Frames must come in strictly rising media time: one that does not is dropped and counted. Video
  // before the first key frame is dropped too. Errors: emit's, or the muxer's kInvalidArgument.
  Status add(EncodedFrame frame);
  // Emits what is in hand.
  Status flush();

  [[nodiscard]] std::uint64_t frame_count() const { return frame_count_; }  // in emitted parts
  [[nodiscard]] std::uint64_t dropped_count() const { return dropped_count_; }
  // End of the last emitted part, track's timescale.
  [[nodiscard]] std::uint64_t end_media_time() const { return end_media_time_; }

 private:
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool init_due(std::uint64_t media_time, bool key_frame) const;

  const Options options_;
  std::atomic<std::uint32_t> part_ms_;
  const Emit emit_;
  Bytes init_segment_;
  std::string init_hash8_;
  bool init_changed_ = false;
  std::vector<EncodedFrame> pending_;
  bool has_last_time_ = false;
  std::uint64_t last_time_ = 0;
  std::uint64_t last_init_time_ = 0;
  std::uint64_t part_count_ = 0;
  std::uint64_t frame_count_ = 0;
  std::uint64_t dropped_count_ = 0;
  std::uint64_t end_media_time_ = 0;
};

}  // namespace sitecast::agent
