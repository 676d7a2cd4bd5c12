// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/video_path.h"

#include <gst/video/video.h>

#include <algorithm>
#include <utility>

#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

// Pictures inside the encoder: one being encoded, one waiting, one arriving. More would be delay.
constexpr std::uint32_t kMostInFlight = 3;
constexpr std::int64_t kEncoderWaitMs = 100;
constexpr std::int64_t kEncoderHangsMs = 10'000;
constexpr std::int64_t kKeyIntervalNs = std::int64_t{limits::kKeyFrameIntervalMs} * 1'000'000;
constexpr std::int64_t kLongestFrameNs = std::int64_t{limits::kPartDurationMs} * 1'000'000;

double fps_of(GstCaps* caps) {
  GstVideoInfo info;
  if (gst_video_info_from_caps(&info, caps) == FALSE || GST_VIDEO_INFO_FPS_D(&info) == 0) return 0;
  return double(GST_VIDEO_INFO_FPS_N(&info)) / GST_VIDEO_INFO_FPS_D(&info);
}

}  // namespace

VideoPath::VideoPath(Options options, PartAssembler::Emit emit)
    : options_(std::move(options)),
      assembler_({PartAssembler::Kind::kVideo, kVideoTimescale, options_.encode.video_part_ms,
                  options_.captured_at_us},
                 std::move(emit)),
      encode_(options_.encode) {}

void VideoPath::set_quality(const LiveQuality& quality) {
  const std::lock_guard lock(mutex_);
  wanted_ = quality;
  quality_changed_ = true;
}

// A new quality begins with a key frame of an encoder of its own.
void VideoPath::take_quality() {
  if (!quality_changed_) return;
  LiveQuality quality;
  {
    const std::lock_guard lock(mutex_);
    quality_changed_ = false;
    quality = *std::exchange(wanted_, std::nullopt);
  }
  paused_ = quality.video_kbps == 0;
  still_every_ns_ = std::int64_t{quality.still_every_ms} * 1'000'000;
  if (!paused_) encode_ = at_quality(options_.encode, quality);
  renew_encoder_ = true;
  next_due_ns_ = 0;
  interval_ns_ = 0;
}

Status VideoPath::take(const RawMedia& picture) {
  if (picture.media_time_ns <= last_time_ns_) {
    ++dropped_count_;  // a source whose clock runs backwards
    return Ok{};
  }
  take_quality();
  GstCaps* caps = gst_sample_get_caps(picture.sample.get());
  SC_TRY(ensure_encoder(caps));
  if (paused_) return Ok{};
  if (!within_rate(picture.media_time_ns)) return Ok{};
  bool room = false;
  SC_TRY(wait_for_encoder(room));
  if (!room) {
    if (!interrupted_) ++dropped_count_;
    return Ok{};
  }
  const std::int64_t duration_ns = expected_duration(picture);
  last_time_ns_ = picture.media_time_ns;
  // The next picture would come too late to be the key frame: this one is.
  const bool key = key_wanted_ || still_every_ns_ > 0 ||
                   picture.media_time_ns + duration_ns > last_key_ns_ + kKeyIntervalNs;
  if (key) {
    key_wanted_ = false;
    last_key_ns_ = picture.media_time_ns;
  }
  return encoder_->push(gst_sample_get_buffer(picture.sample.get()), picture.media_time_ns,
                        duration_ns, key);
}

// Thins a source that is faster than max_fps, evenly; up to 45 % of an interval of jitter is let
// pass.
bool VideoPath::within_rate(std::int64_t media_time_ns) {
  if (still_every_ns_ > 0) {
    if (media_time_ns < next_due_ns_) return false;
    next_due_ns_ = media_time_ns + still_every_ns_;
    return true;
  }
  const std::int64_t interval = 1'000'000'000 / std::max(encode_.max_fps, 1U);
  if (media_time_ns + interval * 45 / 100 < next_due_ns_) return false;
  next_due_ns_ = std::max(next_due_ns_, media_time_ns - interval / 2) + interval;
  return true;
}

Status VideoPath::ensure_encoder(GstCaps* caps) {
  if (encoder_ && encoder_->takes(caps) && !renew_encoder_) return Ok{};
  if (encoder_) SC_TRY(encoder_->finish());
  encoder_.reset();
  renew_encoder_ = false;
  if (paused_) return Ok{};
  source_fps_ = fps_of(caps);
  key_wanted_ = true;
  SC_TRY_ASSIGN(encoder_, VideoEncoder::make(options_.encoder, encode_, caps,
                                             [this](EncodedFrame frame, auto init) {
                                               on_frame(std::move(frame), std::move(init));
                                             }));
  return Ok{};
}

Status VideoPath::wait_for_encoder(bool& room) {
  room = true;
  if (options_.lossy) {
    room = encoder_->in_flight() < kMostInFlight;
    if (room) return Ok{};
    if (auto error = encoder_->take_error()) return *error;
    return Ok{};
  }
  for (std::int64_t waited_ms = 0; !encoder_->wait_for_room(kMostInFlight, kEncoderWaitMs);) {
    if (auto error = encoder_->take_error()) return *error;
    waited_ms += kEncoderWaitMs;
    if (waited_ms >= kEncoderHangsMs) return unavailable("the video encoder hangs");
    if (interrupted_) {
      room = false;
      break;
    }
  }
  return Ok{};
}

// The source's own word if it has one; otherwise what the last pictures showed.
std::int64_t VideoPath::expected_duration(const RawMedia& picture) {
  const double fps =
      std::min<double>(source_fps_ > 0 ? source_fps_ : encode_.max_fps, encode_.max_fps);
  const auto nominal_ns = static_cast<std::int64_t>(1e9 / std::max(fps, 0.1));
  const std::int64_t delta_ns = last_time_ns_ < 0 ? 0 : picture.media_time_ns - last_time_ns_;
  if (delta_ns > 0 && delta_ns < kLongestFrameNs) {
    interval_ns_ = interval_ns_ == 0 ? delta_ns : (interval_ns_ * 7 + delta_ns) / 8;
  }
  const std::int64_t usual_ns = interval_ns_ > 0 ? interval_ns_ : nominal_ns;
  const bool thinned = source_fps_ > encode_.max_fps;
  // Some containers state a millisecond for every picture.
  const bool believable = picture.duration_ns >= usual_ns / 2;
  if (believable && !thinned) return std::min(picture.duration_ns, kLongestFrameNs);
  return usual_ns;
}

void VideoPath::on_frame(EncodedFrame frame, std::optional<VideoInit> init) {
  if (init) {
    Result<Bytes> segment = make_video_init(*init);
    if (!segment.ok()) return fail(segment.error().within("video init segment"));
    if (Status status = assembler_.set_init(std::move(*segment)); !status.ok()) return fail(status);
  }
  if (Status status = assembler_.add(std::move(frame)); !status.ok()) return fail(status);
  frame_count_ = assembler_.frame_count();
  end_us_ = static_cast<std::int64_t>(assembler_.end_media_time() * 1'000'000 / kVideoTimescale);
}

Status VideoPath::finish() {
  Status status = encoder_ ? encoder_->finish() : Status(Ok{});
  encoder_.reset();
  Status flushed = assembler_.flush();
  frame_count_ = assembler_.frame_count();
  dropped_count_ += assembler_.dropped_count();
  end_us_ = static_cast<std::int64_t>(assembler_.end_media_time() * 1'000'000 / kVideoTimescale);
  return status.ok() ? flushed : status;
}

void VideoPath::fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = status.error();
}

std::optional<Error> VideoPath::take_error() {
  const std::lock_guard lock(mutex_);
  return std::exchange(error_, std::nullopt);
}

}  // namespace sitecast::agent
