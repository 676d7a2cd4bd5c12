// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "tests/support/media/makers.h"
#include "tests/support/media/raw_feed.h"

namespace sitecast::testmedia {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 180;
constexpr int kFps = 30;
constexpr int kRate = 48'000;
constexpr int kSamplesPerFrame = kRate / kFps;
constexpr int kFlashFrames = 2;  // of each second
constexpr int kBeepSamples = kFlashFrames * kSamplesPerFrame;
constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace

Status make_flash_beep(const std::string& path, int seconds) {
  SC_TRY_ASSIGN(
      auto pipeline,
      gst::Pipeline::parse(fmt::format(
          "appsrc name=picture format=time block=true max-bytes=4000000 "
          "caps=video/x-raw,format=I420,width={},height={},framerate={}/1 ! "
          "x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer=18 key-int-max=30 "
          // Pads by name: a queue takes anything, and would get the first kind of pad there is.
          "! queue ! mux.video_0 "
          "matroskamux name=mux ! filesink name=file "
          "appsrc name=sound format=time block=true max-bytes=400000 "
          "caps=audio/x-raw,format=S16LE,rate={},channels=1,layout=interleaved ! queue ! "
          "mux.audio_0",
          kWidth, kHeight, kFps, kRate)));
  g_object_set(pipeline.element("file").get(), "location", path.c_str(), nullptr);
  SC_TRY_ASSIGN(auto picture, RawFeed::of(pipeline, "picture"));
  SC_TRY_ASSIGN(auto sound, RawFeed::of(pipeline, "sound"));
  SC_TRY(pipeline.set_state(GST_STATE_PLAYING));
  for (int frame = 0; frame < seconds * kFps; ++frame) {
    const std::int64_t pts = kSecondNs * frame / kFps;
    const std::int64_t duration = kSecondNs / kFps;
    // The first second is dark and silent, so that the first flash is an edge too.
    const int in_second = frame % kFps;
    const bool on = frame >= kFps && in_second < kFlashFrames;
    SC_TRY(picture.push(kWidth * kHeight * 3 / 2, pts, duration, [&](std::uint8_t* planes) {
      std::memset(planes, on ? 235 : 40, kWidth * kHeight);
      std::memset(planes + kWidth * kHeight, 128, kWidth * kHeight / 2);
    }));
    SC_TRY(sound.push(kSamplesPerFrame * 2, pts, duration, [&](std::uint8_t* bytes) {
      for (int i = 0; i < kSamplesPerFrame; ++i) {
        const int at = in_second * kSamplesPerFrame + i;
        const double wave = on && at < kBeepSamples ? std::sin(at * 2 * M_PI * 1000 / kRate) : 0;
        const auto sample = static_cast<std::int16_t>(12'000 * wave);
        std::memcpy(bytes + 2 * i, &sample, sizeof sample);
      }
    }));
  }
  picture.end();
  sound.end();
  const auto end =
      pipeline.pop(static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR), 60'000);
  if (!end) return internal_error("the clip was not finished within a minute");
  if (GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_ERROR) return gst::error_of(end.get());
  return Ok{};
}

}  // namespace sitecast::testmedia
