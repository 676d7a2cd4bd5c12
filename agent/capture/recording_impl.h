// SPDX-License-Identifier: Apache-2.0
// What Recording::start makes. Internal to agent/capture.
//
// Threads: the source's (on_media), the encoders' (parts), the vision watch's (warnings), and one
// of its own, "control", which waits for an end (asked for, source over, failure, stall) and then
// shuts down in one order: source, encoders, watch, capture. Members are declared so that what is
// used longest is destroyed last.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/capture/audio_path.h"
#include "agent/capture/recording.h"
#include "agent/capture/source.h"
#include "agent/capture/video_path.h"
#include "agent/capture/vision_watch.h"
#include "proto/base/log.h"

namespace sitecast::agent {

class RecordingImpl final : public Recording, private SourceSink {
 public:
  RecordingImpl(RecordOptions options, CaptureStore& store, RecordCallbacks callbacks);
  ~RecordingImpl() override;

  // Everything of Recording::start.
  Status open();

  [[nodiscard]] CaptureId id() const override { return writer_->id(); }
  [[nodiscard]] std::vector<std::string> tracks() const override { return tracks_; }
  [[nodiscard]] std::int64_t media_time_us() const override;
  Status state_now(v1::Event event) override;
  Result<CaptureId> take_photo(std::string note) override;
  void set_live_quality(const LiveQuality& quality) override;
  void stop() override;
  RecordingEnd wait() override;

 private:
  void on_media(MediaKind kind, RawMedia media) override;
  void on_picture_skipped() override;
  void on_track_ended(MediaKind kind) override;

  Status open_capture(const SourceSpec& spec, const EncoderChoice& encoder);
  void on_quality(const QualityChange& change);
  [[nodiscard]] std::vector<VideoPath*> picture_paths() const;
  void fail(const Error& error);
  void end_track(MediaKind kind);
  void control();
  bool tracks_running() const;  // REQUIRES: mutex_ held
  std::optional<Error> find_error();
  RecordingEnd shut_down();

  const RecordOptions options_;
  CaptureStore& store_;
  const RecordCallbacks callbacks_;
  const Log log_;
  std::vector<std::string> tracks_;
  std::unique_ptr<CaptureWriter> writer_;

  struct Track {
    std::atomic<std::int64_t> last_progress_us{0};  // monotonic
    bool present = false;
    bool ended = false;  // under mutex_
  };
  Track video_track_;
  Track audio_track_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_asked_ = false;          // under mutex_
  bool limit_reached_ = false;       // under mutex_
  std::optional<Error> error_;       // under mutex_: the first failure
  std::optional<RecordingEnd> end_;  // under mutex_
  std::int64_t captured_at_us_ = 0;  // wall clock of media time 0
  std::int64_t settle_ns_ = 0;       // cameras: earlier pictures are no photos yet
  std::mutex photo_mutex_;
  std::condition_variable photo_changed_;
  RawMedia newest_;             // under photo_mutex_
  bool pictures_over_ = false;  // under photo_mutex_

  std::unique_ptr<VideoPath> video_;
  std::unique_ptr<VideoPath> master_;  // null: not recorded
  std::unique_ptr<AudioPath> audio_;
  std::unique_ptr<VisionWatch> watch_;
  std::unique_ptr<Source> source_;
  std::thread control_thread_;
};

}  // namespace sitecast::agent
