// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/encoder_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <mutex>
#include <thread>

#include "agent/encode/encoder_element.h"
#include "agent/gst/pipeline.h"

namespace sitecast::agent {
namespace {

// In order of preference. No B-frames anywhere: a frame must leave when it has come.
const std::vector<EncoderProfile>& profiles() {
  static const std::vector<EncoderProfile> rows = {
      {"va", "vah264enc", true, "bitrate={kbps} b-frames=0 rate-control=cbr key-int-max={gop}",
       false},
      {"va-lp", "vah264lpenc", true, "bitrate={kbps} rate-control=cbr key-int-max={gop}", false},
      {"nvenc", "nvh264enc", true,
       "bitrate={kbps} bframes=0 zerolatency=true rc-mode=cbr gop-size={gop} preset=low-latency-hq",
       false},
      {"v4l2", "v4l2h264enc", true,
       "extra-controls=\"controls,video_bitrate={bps},video_b_frames=0,"
       "h264_i_frame_period={gop},repeat_sequence_header=1\"",
       false},
      // sliced-threads (set by zerolatency) spreads each frame over both cores instead of delaying
      // it; superfast costs half of veryfast per frame. Figures: README.md.
      {"x264", "x264enc", false,
       "tune=zerolatency speed-preset=superfast threads=2 bitrate={kbps} "
       "vbv-buf-capacity={buffer_ms} "
       "key-int-max={gop} bframes=0 option-string=\"scenecut=0\"",
       true},
      {"openh264", "openh264enc", false,
       "bitrate={bps} rate-control=bitrate complexity=low gop-size={gop}", false},
  };
  return rows;
}

// Empty when the encoder made frames that our parser understands; otherwise why not.
std::string probe(const EncoderProfile& profile) {
  if (Status status = gst::initialise(); !status.ok()) return status.error().message();
  auto factory =
      gst::GstPtr<GstElementFactory>::adopt(gst_element_factory_find(profile.element.c_str()));
  if (!factory) return "not installed";
  auto pipeline = gst::Pipeline::parse(
      "videotestsrc num-buffers=8 ! video/x-raw,format=NV12,width=640,height=368,framerate=30/1 "
      "! " +
      encoder_description(profile, {.bitrate_kbps = 1000, .key_interval_frames = 60}) +
      " ! fakesink sync=false");
  if (!pipeline.ok()) return pipeline.error().message();
  if (Status status = pipeline->set_state(GST_STATE_PLAYING); !status.ok()) {
    return status.error().message();
  }
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  auto message = pipeline->pop(types, kProbeLimitMs);
  if (!message) return fmt::format("gave nothing within {} ms", kProbeLimitMs);
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
    return gst::error_of(message.get()).message();
  }
  return {};
}

// Probing costs time and, for hardware, device memory: once per process.
std::string probe_once(const EncoderProfile& profile) {
  static std::mutex mutex;
  static std::map<std::string, std::string> results;
  const std::lock_guard lock(mutex);
  auto [entry, is_new] = results.try_emplace(profile.name);
  if (is_new) entry->second = probe(profile);
  return entry->second;
}

}  // namespace

std::vector<std::string> encoder_names() {
  std::vector<std::string> names;
  for (const EncoderProfile& profile : profiles()) names.push_back(profile.name);
  return names;
}

Result<EncoderChoice> choose_encoder(const std::string& wanted) {
  std::vector<std::string> refused;
  for (const EncoderProfile& profile : profiles()) {
    if (wanted != "auto" && wanted != profile.name) continue;
    const std::string failure = probe_once(profile);
    if (failure.empty()) {
      std::string reason =
          wanted == "auto"
              ? fmt::format("first that works; {}",
                            refused.empty()
                                ? "nothing was refused"
                                : fmt::format("before it: {}", fmt::join(refused, ", ")))
              : "named in the configuration";
      return EncoderChoice{profile, std::move(reason)};
    }
    refused.push_back(fmt::format("{} ({})", profile.name, failure));
  }
  if (refused.empty()) {
    return invalid_argument(fmt::format("unknown encoder \"{}\"; known: auto, {}", wanted,
                                        fmt::join(encoder_names(), ", ")));
  }
  return failed_precondition(
      fmt::format("no H.264 encoder works here: {}", fmt::join(refused, ", ")));
}

bool records_master(const EncodeOptions& options, const EncoderChoice& choice) {
  if (options.master != "auto") return options.master == "on";
  constexpr unsigned kCoresForTwo = 4;
  return choice.profile.hardware || std::thread::hardware_concurrency() >= kCoresForTwo;
}

}  // namespace sitecast::agent
