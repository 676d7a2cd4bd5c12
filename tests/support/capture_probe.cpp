// SPDX-License-Identifier: Apache-2.0
// Records a source into memory and prints what came of it: one JSON object. For looking at a file
// by hand and for measuring how long the way from a live picture to its part is.
//
//   sitecast-capture-probe SOURCE [--audio A] [--duration S] [--loop] [--fast] [--encoder E] [--out
//   DIR]
#include <sys/resource.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/capture/recording.h"
#include "proto/codec/cmaf_muxer.h"
#include "tests/support/memory_store.h"

namespace {

using namespace sitecast;  // NOLINT(google-build-using-namespace)

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(double(values.size() - 1) * share)];
}

// From each part's last frame being captured to the part being in the store: `start_us` is the
// monotonic time of media time 0.
nlohmann::json delays(const test::StoredCapture& capture, const std::string& track,
                      std::int64_t start_us) {
  std::vector<double> delays_ms;
  const double timescale = track == "video" ? kVideoTimescale : kOpusTimescale;
  for (const test::StoredPart& stored : capture.tracks.at(track)) {
    // A picture is there at its time; sound only when its last sample was heard.
    const double at =
        double(stored.part.media_time) + (track == "video" ? 0 : stored.part.duration);
    delays_ms.push_back(double(stored.appended_at_us - start_us) / 1e3 - at / timescale * 1e3);
  }
  return {{"p5", quantile(delays_ms, 0.05)},
          {"p50", quantile(delays_ms, 0.5)},
          {"p95", quantile(delays_ms, 0.95)},
          {"max", quantile(delays_ms, 1)}};
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long peak_rss_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Records a source into memory and prints what came of it");
  agent::RecordOptions options;
  double duration_s = 0;
  bool fast = false;
  std::string out;
  app.add_option("source", options.source)->required();
  app.add_option("--audio", options.audio);
  app.add_option("--duration", duration_s);
  app.add_flag("--loop", options.loop);
  app.add_flag("--fast", fast);
  app.add_option("--encoder", options.encode.encoder);
  app.add_option("--part-ms", options.encode.video_part_ms);
  app.add_option("--out", out);
  CLI11_PARSE(app, argc, argv);
  options.paced = !fast;
  options.duration_us = static_cast<std::int64_t>(duration_s * 1e6);

  test::MemoryStore store;
  nlohmann::json result;
  const std::int64_t wall_offset_us = SystemClock().wall_us() - SystemClock().monotonic_us();
  auto recording = agent::Recording::start(options, store, {});
  if (!recording.ok()) {
    result["error"] = recording.error().message();
    result["captures"] = store.capture_count();
    fmt::print("{}\n", result.dump());
    return 1;
  }
  const agent::RecordingEnd end = (*recording)->wait();
  const test::StoredCapture capture = store.capture();
  const std::int64_t start_us = capture.opened.captured_at_us() - wall_offset_us;
  result = {{"reason", end.reason},
            {"detail", capture.close_detail},
            {"media_s", double(end.media_time_us) / 1e6},
            {"video_frames", end.video_frames},
            {"dropped", end.video_frames_dropped},
            {"audio_frames", end.audio_frames},
            {"cpu_s", cpu_s()},
            {"peak_rss_kb", peak_rss_kb()}};
  for (const auto& [track, parts] : capture.tracks) {
    std::uint64_t bytes = 0;
    for (const auto& stored : parts) bytes += stored.part.media.size();
    result["tracks"][track] = {{"parts", parts.size()}, {"bytes", bytes}};
    if (!parts.empty() && !fast)
      result["tracks"][track]["delay_ms"] = delays(capture, track, start_us);
    if (!out.empty()) {
      std::filesystem::create_directories(out);
      const Bytes file = capture.track_file(track);
      std::ofstream(std::filesystem::path(out) / (track + ".mp4"), std::ios::binary)
          << as_text(file);
    }
  }
  for (const v1::Event& event : capture.events) {
    if (event.kind() != "quality") continue;
    result["quality"].push_back({{"warning", event.quality().warning()},
                                 {"active", event.quality().active()},
                                 {"value", event.quality().value()},
                                 {"at_s", double(event.media_time_us()) / 1e6}});
  }
  fmt::print("{}\n", result.dump());
  return end.status.ok() ? 0 : 1;
}
