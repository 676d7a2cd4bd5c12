// SPDX-License-Identifier: Apache-2.0
// Plays a media file as if it were live: pictures and sound are handed out when their moment has
// come, again and again with `loop`, in continuous time.
//
// One pass over the file is one Decoder, which runs a few pictures ahead. Pass n+1 begins where the
// longest track of pass n ended, for both tracks, so they stay together for ever; its decoder is
// started shortly before pass n ends, so that no pause is seen at the joint.
// Threads: one per track paces and delivers; both share the table of passes under a mutex.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/capture/decoder.h"
#include "agent/capture/source.h"

namespace sitecast::agent {

class FileSource final : public Source {
 public:
  // Blocking until both tracks have shown something. kNotFound, kInvalidArgument as open_source.
  static Result<std::unique_ptr<Source>> open(const std::string& path, bool want_audio,
                                              const SourceOptions& options, SourceSink& sink);
  ~FileSource() override { stop(); }

  [[nodiscard]] SourceInfo info() const override { return info_; }
  Status start() override;
  void stop() override;
  std::optional<Error> take_error() override;
  Status verdict() override;

 private:
  // The playing of the file that is going on.
  struct Pass {
    std::uint64_t number = 0;
    std::shared_ptr<Decoder> decoder;
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;  // of the tracks that have ended, relative to start
    int tracks_running = 0;
  };

  FileSource(const SourceOptions& options, SourceSink& sink) : options_(options), sink_(sink) {}
  Status preroll();
  Result<std::shared_ptr<Decoder>> make_decoder() const;
  [[nodiscard]] int track_count() const { return int{info_.has_video} + int{info_.has_audio}; }
  [[nodiscard]] bool stopping() const;
  void run(MediaKind kind);
  std::shared_ptr<Decoder> wait_for_pass(std::uint64_t number, std::int64_t& start_ns);
  GstAppSink* wait_for_track(MediaKind kind, Decoder& decoder);
  bool play_pass(MediaKind kind, std::uint64_t number);
  bool deliver(MediaKind kind, RawMedia media);
  void prepare_pass_after(std::uint64_t number);
  void end_track(std::uint64_t number, std::int64_t end_ns);
  void fail(Error error);

  const SourceOptions options_;
  SourceSink& sink_;
  SourceInfo info_;
  std::string uri_;
  bool want_audio_ = true;
  bool cut_off_ = false;
  std::int64_t expected_ns_ = 0;         // the container's own duration; 0 unknown
  std::int64_t started_us_ = 0;          // monotonic, at media time 0
  std::atomic<std::int64_t> end_ns_{0};  // longest track, relative to its pass
  std::int64_t last_picture_ns_ = 0;     // handed out; of the video thread

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // all of these under mutex_
  std::optional<Error> error_;
  bool failed_ = false;
  Pass pass_;
  std::optional<std::uint64_t> prepared_after_;
  std::shared_ptr<Decoder> next_decoder_;
  std::thread video_thread_;
  std::thread audio_thread_;
};

}  // namespace sitecast::agent
