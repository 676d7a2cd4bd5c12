// SPDX-License-Identifier: Apache-2.0
// Where raw pictures and sound come from. Two kinds: LiveSource gives them when they happen,
// FileSource plays a file as if it were live. Both give times on the capture's clock already.
// Threads: open() and start() and stop() from one owner; the sink is called from the source's own
// threads, one for pictures and one for sound. After stop() has returned it is not called any more.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "agent/capture/source_spec.h"
#include "agent/gst/ptr.h"
#include "proto/base/result.h"

namespace sitecast::agent {

enum class MediaKind { kVideo, kAudio };

// One raw picture (I420 or NV12 in system memory, upright) or stretch of sound (S16LE interleaved,
// 48 kHz, 1 or 2 channels).
struct RawMedia {
  gst::GstPtr<GstSample> sample;
  std::int64_t media_time_ns = 0;
  std::int64_t duration_ns = 0;  // 0: unknown
  bool discontinuity = false;    // sound: does not follow on from what came before
};

class SourceSink {
 public:
  virtual ~SourceSink() = default;
  // May block for as long as the encoder is busy when the source is a file.
  virtual void on_media(MediaKind kind, RawMedia media) = 0;
  // A picture came too late to be encoded (paced file on a machine that is too slow).
  virtual void on_picture_skipped() = 0;
  // That track ended by itself.
  virtual void on_track_ended(MediaKind kind) = 0;
};

struct SourceInfo {
  bool has_video = false;
  bool has_audio = false;
  bool live = false;            // cannot wait: what is not taken is lost
  bool watches_itself = false;  // notices by itself when nothing more comes
};

class Source {
 public:
  virtual ~Source() = default;
  [[nodiscard]] virtual SourceInfo info() const = 0;
  // Begins to deliver; media time 0 is now. Not blocking.
  virtual Status start() = 0;
  // Not blocking longer than a GStreamer state change. Idempotent.
  virtual void stop() = 0;
  // A failure since the last call, if any. Any thread.
  virtual std::optional<Error> take_error() = 0;
  // After every track ended: whether everything came that was to come. Words say what is missing.
  virtual Status verdict() { return Ok{}; }
};

struct SourceOptions {
  bool loop = false;
  bool paced = true;
  std::uint32_t max_width_px = 1280;  // camera modes: no more than is needed
  std::uint32_t max_height_px = 720;
  std::uint32_t max_fps = 30;
};

// Opens and waits for the first picture and sound. Blocking up to kSourceStartLimitMs. `sink` must
// outlive the source.
Result<std::unique_ptr<Source>> open_source(const SourceSpec& spec, const AudioSpec& audio,
                                            const SourceOptions& options, SourceSink& sink);

}  // namespace sitecast::agent
