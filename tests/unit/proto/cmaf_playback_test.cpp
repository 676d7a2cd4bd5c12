// SPDX-License-Identifier: Apache-2.0
// What the muxer writes from real encoders' output, read by ffmpeg: decodes without a message, has
// every frame, starts where the chunks say, and keeps sound on the capture's clock.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proto/base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/proto/track_file.h"

namespace sitecast {
namespace {

// Standard output and error of a shell command that must succeed.
std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "cannot start " + command;
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), size);
  }
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << output;
  return output;
}

class CmafPlaybackTest : public ::testing::Test {
 protected:
  std::string write(std::string_view name, const Bytes& bytes) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(write_file_durably(path, bytes).ok());
    return path.string();
  }
  // All messages of a whole decode; empty is good.
  static std::string decode_messages(const std::string& path) {
    return output_of("ffmpeg -nostdin -v warning -xerror -i " + path + " -f null -");
  }
  static std::string probe(const std::string& path, const std::string& entries) {
    return output_of("ffprobe -v error -count_frames -of csv=p=0 -show_entries stream=" + entries +
                     " " + path);
  }
  TempDir folder_;
};

TEST_F(CmafPlaybackTest, VideoDecodesWithoutAMessageAndHasEveryFrame) {
  const auto path = write("video.mp4", make_video_file(150).file_from(0));
  EXPECT_EQ(decode_messages(path), "");
  EXPECT_EQ(probe(path, "codec_name,width,height,nb_read_frames"), "h264,320,240,150\n");
}

TEST_F(CmafPlaybackTest, VideoStartsAtTheDecodeTimeOfTheKeyFrameOnWhichOneJoins) {
  const TrackFile file = make_video_file(90);
  const auto path = write("joined.mp4", file.file_from(60));  // key frame every second
  EXPECT_EQ(decode_messages(path), "");
  EXPECT_EQ(probe(path, "start_time,nb_read_frames"), "2.000000,30\n");
}

TEST_F(CmafPlaybackTest, AGapBetweenChunksStaysAGapInTime) {
  TrackFile file = make_video_file(90);
  file.chunks.erase(file.chunks.begin() + 30, file.chunks.begin() + 60);
  const auto path = write("gap.mp4", file.file_from(0));
  EXPECT_EQ(decode_messages(path), "");
  const std::string times = output_of(
      "ffprobe -v error -of csv=p=0 -show_entries packet=pts_time " + path + " | sed -n 30,31p");
  EXPECT_EQ(times, "0.966667\n2.000000\n");
}

TEST_F(CmafPlaybackTest, OpusDecodesWithoutAMessageAndHasEveryFrame) {
  const auto path = write("sound.mp4", make_opus_file(200).file_from(0));
  EXPECT_EQ(decode_messages(path), "");
  EXPECT_EQ(probe(path, "codec_name,sample_rate,channels,nb_read_frames"), "opus,48000,1,200\n");
}

TEST_F(CmafPlaybackTest, AacDecodesWithoutAMessageAndHasEveryFrame) {
  const auto path = write("sound.mp4", make_aac_file(200).file_from(0));
  EXPECT_EQ(decode_messages(path), "");
  EXPECT_EQ(probe(path, "codec_name,profile,sample_rate,channels,nb_read_frames"),
            "aac,LC,48000,1,200\n");
}

// Seconds at which the first sample after `from_s` passes a tenth of full scale; -1 when none does.
double first_tick(ByteView floats, double from_s) {
  std::vector<float> samples(floats.size() / sizeof(float));
  std::memcpy(samples.data(), floats.data(), samples.size() * sizeof(float));
  for (auto i = static_cast<std::size_t>(from_s * 48'000); i < samples.size(); ++i) {
    if (std::abs(samples[i]) > 0.1F) return static_cast<double>(i) / 48'000;
  }
  return -1;
}

// The decoded sound, filled with silence before its first sample, so that a sample's place is its
// time.
Bytes decoded_floats(const std::string& path) {
  const std::string raw_path = path + ".raw";
  EXPECT_EQ(output_of("ffmpeg -nostdin -v error -copyts -i " + path +
                      " -af aresample=async=1:first_pts=0 -f f32le -ac 1 -ar 48000 -y " + raw_path),
            "");
  return *read_file(raw_path, 64 << 20);
}

TEST_F(CmafPlaybackTest, OpusIsHeardAtItsCaptureTimeFromTheStartAndAfterJoining) {
  const auto ticks = raw_ticks(200);
  ASSERT_TRUE(ticks.ok()) << ticks.error().message();
  Bytes source;
  for (const EncodedFrame& frame : ticks->frames) {
    source.insert(source.end(), frame.data.begin(), frame.data.end());
  }
  ASSERT_GT(first_tick(source, 2.5), 0);
  const TrackFile file = make_opus_file(200);
  const Bytes whole = decoded_floats(write("whole.mp4", file.file_from(0)));
  EXPECT_NEAR(first_tick(whole, 0.5), first_tick(source, 0.5), 0.001);
  EXPECT_NEAR(first_tick(whole, 2.5), first_tick(source, 2.5), 0.001);
  const Bytes joined = decoded_floats(write("joined.mp4", file.file_from(40)));  // from 1.6 s on
  EXPECT_NEAR(first_tick(joined, 1.8), first_tick(source, 1.8), 0.001);
}

}  // namespace
}  // namespace sitecast
