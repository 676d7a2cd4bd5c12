// SPDX-License-Identifier: Apache-2.0
// A pipeline that decodes one URI into an appsink for pictures and one for sound: the first video
// track and the first audio track; every other track (second videos of motion photos, metadata,
// subtitles) is left undecoded. Pictures come upright.
// Owner thread: one; elements call back on GStreamer's threads until stop().
#pragma once

#include <gst/app/app.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/capture/media_chain.h"
#include "agent/gst/pipeline.h"
#include "proto/base/result.h"

namespace sitecast::agent {

class Decoder {
 public:
  struct Options {
    std::string uri;
    bool want_audio = true;
    ChainOptions video;
    ChainOptions audio;
    bool network = false;  // RTSP: set the jitter buffer short and use TCP
  };

  static Result<std::unique_ptr<Decoder>> make(Options options);
  ~Decoder() { stop(); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  gst::Pipeline& pipeline() { return pipeline_; }
  // nullptr until the track was found, or when there is none.
  [[nodiscard]] GstAppSink* video() const { return video_; }
  [[nodiscard]] GstAppSink* audio() const { return audio_; }
  // All tracks were found.
  [[nodiscard]] bool complete() const { return complete_; }
  // The demuxer has stopped without finding any track. decodebin 1.22 swallows a demuxer's error
  // when it comes while the demuxer is still being started, so nothing else tells.
  [[nodiscard]] bool demuxer_gave_up() const;
  // A track of that kind is in the file, whether or not it could be decoded.
  [[nodiscard]] bool names_video() const;
  [[nodiscard]] bool names_audio() const;
  // First failure of linking; also the bus's errors. Any thread.
  std::optional<Error> take_error();
  void stop() { pipeline_.stop(); }

 private:
  explicit Decoder(Options options) : options_(std::move(options)) {}
  static int on_autoplug_select(GstElement* bin, GstPad* pad, GstCaps* caps,
                                GstElementFactory* factory, gpointer self) noexcept;
  static void on_element_added(GstBin* bin, GstBin* inner, GstElement* element,
                               gpointer self) noexcept;
  static void on_pad_added(GstElement* bin, GstPad* pad, gpointer self) noexcept;
  static void on_no_more_pads(GstElement* bin, gpointer self) noexcept;
  static void on_source_setup(GstElement* bin, GstElement* source, gpointer self) noexcept;
  bool chosen(std::string& track, GstPad* pad);
  void link(GstPad* pad);

  const Options options_;
  mutable std::mutex mutex_;
  std::string video_track_;  // stream id of the chosen track, under mutex_
  std::string audio_track_;
  std::optional<Error> error_;  // under mutex_
  std::atomic<GstAppSink*> video_{nullptr};
  std::atomic<GstAppSink*> audio_{nullptr};
  std::atomic<bool> complete_{false};
  gst::Pipeline pipeline_;  // last: stopped before what its threads use is gone
};

}  // namespace sitecast::agent
