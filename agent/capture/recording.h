// SPDX-License-Identifier: Apache-2.0
// One act of recording: source -> encoders -> parts in a capture of the store. This is the whole
// public face of agent/capture for moving pictures; agent/capture/photo_file.h is the one for
// files. Thread-safety: every method may be called from any thread. Callbacks come from threads of
// the recording, must return soon and must not call back into it (post to a queue of your own).
// Ownership: the CaptureStore must outlive the recording; the capture's writer belongs to the
// recording. Units: media time is microseconds on the capture's own clock, 0 = start, the same for
// every track.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/encode/encode_options.h"
#include "agent/spool/capture_writer.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct RecordOptions {
  ProjectId project;
  std::string area;
  std::string title;
  std::string note;    // stated as an event `note` at moment 0 when not empty
  std::string source;  // v4l2:/dev/video0 | rtsp://… | file:PATH | test: | gst:FRAGMENT
  std::string audio;   // "" = what the source brings | gst:FRAGMENT | none
  bool loop = false;   // file sources: play again and again in continuous time
  // file sources: true plays at the speed of life; false takes the file in as fast as it encodes.
  bool paced = true;
  std::int64_t duration_us = 0;     // stop after this much media time; 0 = until stopped or ended
  std::int64_t captured_at_us = 0;  // wall clock of media time 0; 0 = now
  bool demonstration = false;       // rendered footage, shown as such
  std::string capture_kind = "walkthrough";
  std::string continues;  // raw id of the capture that this one continues, or empty
  std::uint32_t boot_count = 0;
  EncodeOptions encode;
};

// How a recording ended. `status` is an error when the capture was closed as "error" or
// "disk_full".
struct RecordingEnd {
  std::string reason;  // as in capture.closed: stopped | source_ended | error | disk_full
  Status status = Ok{};
  std::int64_t media_time_us = 0;          // end of the longest track
  std::uint64_t video_frames = 0;          // encoded and handed to the store
  std::uint64_t video_frames_dropped = 0;  // came from the source and were not encoded: too slow
  std::uint64_t audio_frames = 0;
};

struct RecordCallbacks {
  // "too dark", "blurred", "lens covered" began (active) or ended. Already stated on the capture.
  std::function<void(const v1::QualityWarning&, std::int64_t media_time_us)> quality;
  // Once, when the capture is closed and synced, whoever ended it.
  std::function<void(const RecordingEnd&)> ended;
};

class Recording {
 public:
  // Opens the source, waits for its first picture or sound, then opens the capture. Blocking, up to
  // kSourceStartLimitMs. Errors leave no capture behind and say what to do:
  // kInvalidArgument: unknown source, unreadable or broken file; kNotFound: no such file or device;
  // kUnavailable: camera or network source gives nothing; otherwise as the store's open_capture.
  static Result<std::unique_ptr<Recording>> start(RecordOptions options, CaptureStore& store,
                                                  RecordCallbacks callbacks);
  virtual ~Recording() = default;  // stops first

  [[nodiscard]] virtual CaptureId id() const = 0;
  [[nodiscard]] virtual std::vector<std::string> tracks() const = 0;  // e.g. video, audio
  [[nodiscard]] virtual std::int64_t media_time_us() const = 0;       // newest encoded moment

  // States something about this capture at the present moment (note, progress); for what a person
  // says while filming. The caller fills kind and body.
  virtual Status state_now(v1::Event event) = 0;

  // A JPEG of the newest frame at the source's full resolution, stored as a capture of kind
  // `photo`. Blocking for the encoding of one JPEG. kFailedPrecondition when there is no picture.
  virtual Result<CaptureId> take_photo(std::string note) = 0;

  // How the live rendition is made from now on. Does not wait.
  virtual void set_live_quality(const LiveQuality& quality) = 0;

  // Ends as "stopped": what was captured is encoded to the end and the capture closed. Idempotent,
  // does not wait.
  virtual void stop() = 0;
  // Blocks until the capture is closed and synced.
  virtual RecordingEnd wait() = 0;
};

// A source that shows nothing for this long is given up (start, and stalls later).
inline constexpr std::int64_t kSourceStartLimitMs = 15'000;
inline constexpr std::int64_t kSourceStallLimitMs = 10'000;

}  // namespace sitecast::agent
