// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-encode: the agent's encoders alone, in one plain GStreamer pipeline: source,
// encoder with the agent's own choice and settings, nowhere. Its CPU is what encoding costs, so
// what the agent uses beyond it is the agent's. Prints `ready` with the encoder's name, then runs
// until SIGTERM.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>

#include "agent/encode/encode_options.h"
#include "agent/encode/encoder_choice.h"
#include "agent/encode/encoder_element.h"
#include "agent/gst/pipeline.h"

namespace sitecast::bench {
namespace {

std::atomic<bool> stop{false};
void on_signal(int) { stop = true; }

constexpr std::uint32_t kKeyIntervalFrames = 60;  // the agent asks for one every 2 s
constexpr std::int64_t kLookMs = 200;

Status run(const std::string& video, const std::string& audio) {
  const agent::EncodeOptions options;
  SC_TRY(gst::initialise());
  SC_TRY_ASSIGN(const auto choice, agent::choose_encoder(options.encoder));
  const std::string convert = choice.profile.hardware ? "videoconvert ! " : "";
  // Sound as agent/encode/audio_encoder.cpp encodes it.
  SC_TRY_ASSIGN(
      auto pipeline,
      gst::Pipeline::parse(fmt::format(
          "{} ! {}{} ! fakesink sync=false async=false "
          "{} ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=2 ! "
          "opusenc bitrate={} frame-size=20 complexity=5 perfect-timestamp=true ! "
          "fakesink sync=false async=false",
          video, convert,
          agent::encoder_description(choice.profile, {.bitrate_kbps = options.video_bitrate_kbps,
                                                      .key_interval_frames = kKeyIntervalFrames}),
          audio, options.audio_bitrate_kbps * 1000)));
  SC_TRY(pipeline.set_state(GST_STATE_PLAYING));
  fmt::print("ready {}\n", choice.profile.name);
  std::fflush(stdout);
  while (!stop) {
    const auto message =
        pipeline.pop(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS), kLookMs);
    if (!message) continue;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) return gst::error_of(message.get());
    return unavailable("the source ended");
  }
  return Ok{};
}

}  // namespace
}  // namespace sitecast::bench

int main(int argument_count, char** arguments) {
  CLI::App app("The agent's encoders alone, for scripts/bench.");
  std::string video;
  std::string audio;
  app.add_option("--video", video, "GStreamer fragment ending in raw pictures")->required();
  app.add_option("--audio", audio, "GStreamer fragment ending in raw sound")->required();
  CLI11_PARSE(app, argument_count, arguments);
  std::signal(SIGTERM, sitecast::bench::on_signal);
  std::signal(SIGINT, sitecast::bench::on_signal);
  const sitecast::Status done = sitecast::bench::run(video, audio);
  if (done.ok()) return 0;
  fmt::print(stderr, "sitecast-bench-encode: {}\n", done.error().message());
  return 1;
}
