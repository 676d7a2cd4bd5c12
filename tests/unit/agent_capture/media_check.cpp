// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent_capture/media_check.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"
#include "tests/support/temp_dir.h"

namespace sitecast::test {

std::filesystem::path test_data(const std::string& name) {
  const char* folder = std::getenv("SITECAST_TEST_DATA");
  return std::filesystem::path(folder != nullptr ? folder : SITECAST_TEST_DATA) / name;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

std::string output_of(const std::string& command, std::string* messages) {
  const TempDir folder;
  const auto log = folder.path() / "stderr";
  FILE* pipe = popen((command + " 2>" + quoted(log)).c_str(), "r");
  if (pipe == nullptr) return {};
  std::string output;
  std::array<char, 65536> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  const int code = pclose(pipe);
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  if (messages != nullptr) *messages = text.str();
  EXPECT_EQ(code, 0) << command << "\n" << text.str();
  return output;
}

std::vector<double> picture_times(const std::filesystem::path& path) {
  std::istringstream lines(
      output_of("ffprobe -v error -select_streams v:0 -show_entries frame=pts_time -of csv=p=0 " +
                quoted(path)));
  std::vector<double> times;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) times.push_back(std::atof(line.c_str()));
  }
  return times;
}

std::vector<float> sound_of(const std::filesystem::path& path, int rate_hz) {
  const std::string raw = output_of("ffmpeg -v error -copyts -i " + quoted(path) +
                                    " -map 0:a:0 -af aresample=async=1:first_pts=0 -ac 1 -ar " +
                                    std::to_string(rate_hz) + " -f f32le -");
  std::vector<float> samples(raw.size() / sizeof(float));
  std::memcpy(samples.data(), raw.data(), samples.size() * sizeof(float));
  return samples;
}

std::vector<std::uint8_t> brightness_of(const std::filesystem::path& path) {
  const std::string raw = output_of(
      "ffmpeg -v error -i " + quoted(path) +
      " -map 0:v:0 -fps_mode passthrough -vf scale=1:1:flags=area,format=gray -f rawvideo -");
  return {raw.begin(), raw.end()};
}

std::string decode_messages(const std::filesystem::path& path) {
  std::string messages;
  output_of("ffmpeg -v warning -xerror -i " + quoted(path) + " -f null -", &messages);
  return messages;
}

std::filesystem::path write_track(const StoredCapture& capture, const std::string& track,
                                  const std::filesystem::path& folder) {
  const auto path = folder / (track + ".mp4");
  const Bytes file = capture.track_file(track);
  std::ofstream(path, std::ios::binary) << as_text(file);
  return path;
}

Recorded record(agent::RecordOptions options) {
  MemoryStore store;
  Recorded recorded;
  auto recording = agent::Recording::start(std::move(options), store, {});
  if (recording.ok()) {
    recorded.end = (*recording)->wait();
    recorded.status = recorded.end.status;
  } else {
    recorded.status = recording.error();
  }
  recorded.capture_count = store.capture_count();
  if (recorded.capture_count > 0) recorded.capture = store.capture();
  return recorded;
}

agent::RecordOptions file_options(const std::filesystem::path& path, bool paced) {
  agent::RecordOptions options;
  options.source = "file:" + path.string();
  options.paced = paced;
  return options;
}

namespace {

void expect_track(const std::string& track, const std::vector<StoredPart>& parts,
                  std::uint64_t frame_count) {
  SCOPED_TRACE(track);
  const bool video = track == "video";
  const std::uint64_t two_seconds = 2 * (video ? kVideoTimescale : kOpusTimescale);
  std::uint64_t frames = 0;
  std::uint64_t last_init = 0;
  Bytes init;
  std::uint32_t number = 0;
  for (const StoredPart& stored : parts) {
    const agent::NewPart& part = stored.part;
    const auto chunk = read_chunk(part.media);
    ASSERT_TRUE(chunk.ok()) << chunk.error().message();
    EXPECT_EQ(chunk->fragment_number, ++number);
    EXPECT_EQ(chunk->decode_time, part.media_time);
    EXPECT_EQ(chunk->duration, part.duration);
    EXPECT_LE(part.duration, two_seconds);
    if (number > 1) {
      EXPECT_GT(part.media_time, (&stored)[-1].part.media_time);
    }
    if (!part.init_segment.empty()) {
      init = part.init_segment;
      const auto info = read_init(init);
      ASSERT_TRUE(info.ok()) << info.error().message();
      last_init = part.media_time;
      EXPECT_NE(part.captured_at_us, 0);
    }
    EXPECT_EQ(part.init_hash8, init_hash8(init)) << "part " << number << " has no init before it";
    if (video) {
      EXPECT_EQ(part.key_frame, chunk->starts_with_key_frame);
      EXPECT_EQ(part.key_frame, !part.init_segment.empty());
    }
    EXPECT_LE(part.media_time - last_init, two_seconds);
    frames += chunk->samples.size();
  }
  EXPECT_EQ(frames, frame_count);
}

}  // namespace

void expect_sound_structure(const StoredCapture& capture, const agent::RecordingEnd& end) {
  std::vector<std::string> named(capture.opened.tracks().begin(), capture.opened.tracks().end());
  for (const auto& [track, parts] : capture.tracks) {
    EXPECT_NE(std::find(named.begin(), named.end(), track), named.end()) << track;
    expect_track(track, parts, track == "video" ? end.video_frames : end.audio_frames);
  }
}

}  // namespace sitecast::test
