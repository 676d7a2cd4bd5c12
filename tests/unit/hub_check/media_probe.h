// SPDX-License-Identifier: Apache-2.0
// What ffmpeg makes of a file: frames, their times, brightness and loudness. Owner thread: the
// test's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sitecast {

// Presentation times in seconds of every decoded frame of stream `stream` ("v:0", "a:0").
std::vector<double> frame_times(const std::filesystem::path& file, const std::string& stream);

// What ffmpeg complains of when it decodes everything; empty when it is content.
std::string decode_errors(const std::filesystem::path& file);

// Times at which the picture turns bright.
std::vector<double> flash_times(const std::filesystem::path& file);
// Times at which the sound begins after silence.
std::vector<double> beep_times(const std::filesystem::path& file);

}  // namespace sitecast
