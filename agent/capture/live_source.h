// SPDX-License-Identifier: Apache-2.0
// Cameras, network cameras, the test picture and GStreamer fragments: pictures and sound are handed
// on when they come, on the threads that bring them, with no queue in between.
//
// Media time is the pipeline's running time since start(). A buffer whose own time stamp is absent
// or cannot be true (seconds away from now) gets its arrival time. A fragment that is not live (it
// waits for its reader) is played by the pipeline's clock instead.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "agent/capture/decoder.h"
#include "agent/capture/source.h"
#include "agent/gst/pipeline.h"

namespace sitecast::agent {

class LiveSource final : public Source {
 public:
  // Blocking until everything that is to come has shown something.
  static Result<std::unique_ptr<Source>> open(const SourceSpec& spec, const AudioSpec& audio,
                                              const SourceOptions& options, SourceSink& sink);
  // Sound alone, of a GStreamer fragment.
  static Result<std::unique_ptr<Source>> open_sound(const AudioSpec& audio, SourceSink& sink);
  ~LiveSource() override { stop(); }

  [[nodiscard]] SourceInfo info() const override { return info_; }
  Status start() override;
  void stop() override;
  std::optional<Error> take_error() override;
  Status verdict() override;

 private:
  struct Track {
    LiveSource* source = nullptr;
    MediaKind kind = MediaKind::kVideo;
    GstAppSink* appsink = nullptr;  // belongs to the pipeline
    std::atomic<bool> seen{false};  // something came, or it ended
  };

  LiveSource(SourceKind source, SourceSink& sink);
  Status build_fragments(const std::string& video, const std::string& audio);
  Status build_rtsp(const std::string& url, bool want_audio);
  Status wait_for_first();
  Status wait_for(const std::function<bool()>& condition, const std::string& missing);
  void listen(Track& track);
  gst::Pipeline& pipeline() { return decoder_ ? decoder_->pipeline() : pipeline_; }
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer track) noexcept;
  static void on_eos(GstAppSink* sink, gpointer track) noexcept;
  void take(Track& track);

  const SourceKind source_;
  const std::string what_;  // "the camera", for messages
  SourceSink& sink_;
  SourceInfo info_;
  Track video_;
  Track audio_;
  std::atomic<bool> started_{false};
  std::atomic<std::int64_t> base_ns_{0};  // running time of media time 0
  std::mutex mutex_;
  std::condition_variable seen_;
  std::unique_ptr<Decoder> decoder_;  // RTSP
  gst::Pipeline pipeline_;            // the others
};

}  // namespace sitecast::agent
