// SPDX-License-Identifier: Apache-2.0
// Captures looked at with ffmpeg's eyes: another reader than the one that wrote them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/capture/recording.h"
#include "tests/support/memory_store.h"

namespace sitecast::test {

// Path below SITECAST_TEST_DATA (environment, else CMake's).
std::filesystem::path test_data(const std::string& name);

// Skips the running test when the file is absent.
#define SITECAST_NEED_DATA(path)                                \
  if (!std::filesystem::exists(path)) {                         \
    GTEST_SKIP() << "test data is absent: " << (path).string(); \
  }

// Standard output of a shell command; messages go to `messages` if given.
std::string output_of(const std::string& command, std::string* messages = nullptr);
std::string quoted(const std::filesystem::path& path);

// Presentation times in seconds of a file's pictures, as ffprobe decodes them.
std::vector<double> picture_times(const std::filesystem::path& path);
// Sound as mono samples at `rate_hz`, the first one at time 0 whatever the file says.
std::vector<float> sound_of(const std::filesystem::path& path, int rate_hz);
// Mean brightness of every picture, 0..255.
std::vector<std::uint8_t> brightness_of(const std::filesystem::path& path);
// What ffmpeg has to say while decoding all of it; empty is good.
std::string decode_messages(const std::filesystem::path& path);

// Writes a track to folder/track.mp4.
std::filesystem::path write_track(const StoredCapture& capture, const std::string& track,
                                  const std::filesystem::path& folder);

// Records a source to its end into a store of its own.
struct Recorded {
  Status status = Ok{};  // of start(), else of the end
  agent::RecordingEnd end;
  std::size_t capture_count = 0;
  StoredCapture capture;  // when there is one
};
Recorded record(agent::RecordOptions options);
agent::RecordOptions file_options(const std::filesystem::path& path, bool paced = false);

// Rules that every capture keeps: parts contiguous in time order, key frames at most 2 s apart,
// inits where they belong, one sample per encoded frame. Reports by EXPECT_*.
void expect_sound_structure(const StoredCapture& capture, const agent::RecordingEnd& end);

}  // namespace sitecast::test
