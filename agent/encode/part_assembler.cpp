// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/part_assembler.h"

#include <algorithm>
#include <utility>

#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"

namespace sitecast::agent {

PartAssembler::PartAssembler(Options options, Emit emit)
    : options_(options), part_ms_(options.part_ms), emit_(std::move(emit)) {}

Status PartAssembler::set_init(Bytes init_segment) {
  if (init_segment == init_segment_) return Ok{};
  if (Status status = flush(); !status.ok()) return status;
  init_segment_ = std::move(init_segment);
  init_hash8_ = sitecast::init_hash8(init_segment_);
  init_changed_ = true;
  return Ok{};
}

Status PartAssembler::add(EncodedFrame frame) {
  const bool video = options_.kind == Kind::kVideo;
  const bool undecodable = init_changed_ && pending_.empty() && video && !frame.key_frame;
  if (init_segment_.empty() || undecodable || (has_last_time_ && frame.media_time <= last_time_)) {
    ++dropped_count_;
    return Ok{};
  }
  has_last_time_ = true;
  last_time_ = frame.media_time;
  // A part spans at most kPartDurationMs, also when the source held a picture for longer.
  const std::uint32_t longest = limits::kPartDurationMs / 1000 * options_.timescale;
  frame.duration = std::clamp<std::uint32_t>(frame.duration, 1, longest);
  if (!pending_.empty()) {
    EncodedFrame& previous = pending_.back();
    const std::uint64_t gap = frame.media_time - previous.media_time;
    const std::uint64_t span = frame.media_time + frame.duration - pending_.front().media_time;
    if ((video && frame.key_frame) || span > longest) {
      if (Status status = flush(); !status.ok()) return status;
    } else {
      previous.duration = static_cast<std::uint32_t>(gap);  // inside a part the truth is known
    }
  }
  pending_.push_back(std::move(frame));
  return full() ? flush() : Status(Ok{});
}

bool PartAssembler::full() const {
  // Half of the last frame's duration of tolerance: 33 ms takes one frame of 29.97 fps, not two.
  const EncodedFrame& last = pending_.back();
  const std::uint64_t span = last.media_time + last.duration - pending_.front().media_time;
  const std::uint64_t wanted = std::uint64_t{part_ms_} * options_.timescale / 1000;
  return span + last.duration / 2 >= wanted || pending_.size() >= limits::kSamplesPerPart;
}

bool PartAssembler::init_due(std::uint64_t media_time, bool key_frame) const {
  if (options_.kind == Kind::kVideo) return key_frame;
  const std::uint64_t interval = std::uint64_t{kAudioInitIntervalMs} * options_.timescale / 1000;
  return init_changed_ || media_time >= last_init_time_ + interval;
}

Status PartAssembler::flush() {
  if (pending_.empty()) return Ok{};
  std::vector<EncodedFrame> frames = std::exchange(pending_, {});
  std::vector<Sample> samples;
  samples.reserve(frames.size());
  std::uint64_t duration = 0;
  for (const EncodedFrame& frame : frames) {
    samples.push_back({frame.data, frame.duration, frame.key_frame});
    duration += frame.duration;
  }
  const std::uint64_t start = frames.front().media_time;
  Result<Bytes> chunk = make_chunk(static_cast<std::uint32_t>(part_count_ + 1), start, samples);
  if (!chunk.ok()) return chunk.error();

  NewPart part;
  part.media_time = start;
  part.duration = static_cast<std::uint32_t>(duration);
  part.key_frame = options_.kind == Kind::kVideo && frames.front().key_frame;
  part.init_hash8 = init_hash8_;
  if (init_due(start, frames.front().key_frame)) {
    part.init_segment = init_segment_;
    part.captured_at_us =
        options_.captured_at_us + static_cast<std::int64_t>(start * 1'000'000 / options_.timescale);
    last_init_time_ = start;
    init_changed_ = false;
  }
  part.media = std::move(*chunk);
  if (Status status = emit_(std::move(part)); !status.ok()) return status;
  ++part_count_;
  frame_count_ += frames.size();
  end_media_time_ = start + duration;
  return Ok{};
}

}  // namespace sitecast::agent
