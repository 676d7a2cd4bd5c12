// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/hub_check/media_probe.h"

#include <cmath>
#include <cstring>
#include <sstream>

#include "tests/unit/hub_check/check_fixture.h"

namespace sitecast {
namespace {

using hub::shell;

std::string quoted(const std::filesystem::path& file) { return "'" + file.string() + "'"; }

// Comma-separated numbers, one frame per line.
std::vector<std::vector<double>> frame_fields(const std::filesystem::path& file,
                                              const std::string& stream,
                                              const std::string& fields) {
  std::istringstream lines(shell("ffprobe -v error -select_streams " + stream +
                                 " -show_entries frame=" + fields + " -of csv=p=0 " +
                                 quoted(file)));
  std::vector<std::vector<double>> frames;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream values(line);
    std::vector<double> row;
    for (std::string value; std::getline(values, value, ',');) {
      if (!value.empty() && value != "N/A") row.push_back(std::stod(value));
    }
    if (!row.empty()) frames.push_back(std::move(row));
  }
  return frames;
}

}  // namespace

std::vector<double> frame_times(const std::filesystem::path& file, const std::string& stream) {
  std::vector<double> times;
  for (const auto& row : frame_fields(file, stream, "pts_time")) times.push_back(row[0]);
  return times;
}

std::string decode_errors(const std::filesystem::path& file) {
  return shell("ffmpeg -nostdin -v error -i " + quoted(file) + " -map 0 -f null - 2>&1");
}

std::vector<double> flash_times(const std::filesystem::path& file) {
  const auto times = frame_times(file, "v:0");
  const std::string luma = shell("ffmpeg -nostdin -v error -i " + quoted(file) +
                                 " -map 0:v:0 -vf scale=1:1,format=gray -fps_mode passthrough"
                                 " -f rawvideo -");
  EXPECT_EQ(luma.size(), times.size());
  std::vector<double> flashes;
  bool bright = false;
  for (std::size_t i = 0; i < luma.size() && i < times.size(); ++i) {
    const bool now = static_cast<unsigned char>(luma[i]) > 128;
    if (now && !bright) flashes.push_back(times[i]);
    bright = now;
  }
  return flashes;
}

std::vector<double> beep_times(const std::filesystem::path& file) {
  constexpr double kRate = 48'000;
  constexpr double kSilenceSeconds = 0.5;
  const auto frames = frame_fields(file, "a:0", "pts_time,nb_samples");
  const std::string raw = shell("ffmpeg -nostdin -v error -i " + quoted(file) +
                                " -map 0:a:0 -ac 1 -ar 48000 -f f32le -");
  std::vector<double> beeps;
  double quiet_since = -1;
  std::size_t at = 0;
  for (const auto& frame : frames) {
    for (int i = 0; i < static_cast<int>(frame[1]) && at + 4 <= raw.size(); ++i, at += 4) {
      float value = 0;
      std::memcpy(&value, raw.data() + at, 4);
      const double time = frame[0] + i / kRate;
      if (std::abs(value) < 0.1F) continue;
      if (time - quiet_since > kSilenceSeconds) beeps.push_back(time);
      quiet_since = time;
    }
  }
  EXPECT_EQ(at, raw.size());
  return beeps;
}

}  // namespace sitecast
