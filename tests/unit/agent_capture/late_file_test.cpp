// SPDX-License-Identifier: Apache-2.0
// A file played as if it were live on a machine that is too slow for it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "agent/capture/file_source.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/agent_capture/media_check.h"

namespace sitecast::test {
namespace {

// Every picture, also one that is skipped, costs longer than it lasts, as where decoding is too
// slow.
class SlowSink final : public agent::SourceSink {
 public:
  void on_media(agent::MediaKind kind, agent::RawMedia media) override {
    if (kind != agent::MediaKind::kVideo) return;
    const std::int64_t pause_ns = media.media_time_ns - last_ns_;
    last_ns_ = media.media_time_ns;
    ++taken;
    longest_pause_ns = std::max<std::int64_t>(longest_pause_ns, pause_ns);
    // Late from the beginning.
    std::this_thread::sleep_for(std::chrono::milliseconds(taken == 1 ? 1500 : 10));
  }
  void on_picture_skipped() override {
    ++skipped;
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
  }
  void on_track_ended(agent::MediaKind) override { ended = true; }

  std::atomic<int> taken{0};
  std::atomic<int> skipped{0};
  std::atomic<std::int64_t> longest_pause_ns{0};
  std::atomic<bool> ended{false};

 private:
  std::int64_t last_ns_ = 0;
};

TEST(LateFileTest, StillShowsSomePicturesOfEverySecond) {
  const TempDir folder;
  const auto path = folder.path() / "clip.mp4";
  output_of(
      "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=10:duration=5 -c:v libx264 "
      "-preset ultrafast " +
      quoted(path));
  SlowSink sink;
  auto source = agent::FileSource::open(path.string(), false, {}, sink);
  ASSERT_TRUE(source.ok()) << source.error().message();
  ASSERT_TRUE((*source)->start().ok());
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!sink.ended && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  (*source)->stop();
  EXPECT_TRUE(sink.ended);
  EXPECT_EQ(sink.taken + sink.skipped, 50);
  EXPECT_GE(sink.taken, 9);
  EXPECT_GT(sink.skipped, 0);
  EXPECT_LE(sink.longest_pause_ns, 500'000'000);
}

}  // namespace
}  // namespace sitecast::test
