// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/viewer_queue.h"

#include <gtest/gtest.h>

#include "tests/unit/gateway/fake_viewer.h"

namespace sitecast::gateway {
namespace {

std::vector<std::string> drain(ViewerQueue& queue) {
  std::vector<std::string> out;
  while (const auto message = queue.pop()) {
    if (const auto* text = std::get_if<ViewerQueue::Text>(&*message)) {
      out.push_back(**text);
    } else {
      const auto& part = std::get<ViewerQueue::Part>(*message);
      out.push_back(std::string(part->track()) + std::to_string(part->sequence));
    }
  }
  return out;
}

TEST(ViewerQueueTest, TextGoesFirstThenVoiceThenPictures) {
  ViewerQueue queue;
  queue.push_part(live_part("video", 0, true), 0);
  queue.push_part(live_part("audio", 0, true), 0);
  ASSERT_TRUE(queue.push_text(std::make_shared<const std::string>("text")));
  EXPECT_EQ(drain(queue), (std::vector<std::string>{"text", "audio0", "video0"}));
  EXPECT_TRUE(queue.empty());
}

TEST(ViewerQueueTest, ASlowViewerIsCutToTheNewestKeyFrameAndTold) {
  ViewerQueue queue;
  for (std::uint64_t i = 0; i < 6; ++i) queue.push_part(live_part("video", i, i % 3 == 0), 0);
  queue.push_part(live_part("video", 6, false), ViewerQueue::kOldestUs + 1);
  EXPECT_EQ(drain(queue),
            (std::vector<std::string>{R"({"type":"dropped","track":"video","parts":3})", "video3",
                                      "video4", "video5", "video6"}));
  EXPECT_EQ(queue.dropped_parts(), 3U);
}

TEST(ViewerQueueTest, WithoutAKeyFrameItWaitsForTheNextOne) {
  ViewerQueue queue;
  queue.push_part(live_part("video", 0, true), 0);
  queue.push_part(live_part("video", 1, false), 0);
  queue.push_part(live_part("video", 2, false), ViewerQueue::kOldestUs + 1);
  EXPECT_EQ(drain(queue), std::vector<std::string>{});
  queue.push_part(live_part("video", 3, false), ViewerQueue::kOldestUs + 2);
  EXPECT_EQ(drain(queue), std::vector<std::string>{});
  queue.push_part(live_part("video", 4, true), ViewerQueue::kOldestUs + 3);
  EXPECT_EQ(drain(queue), (std::vector<std::string>{
                              R"({"type":"dropped","track":"video","parts":4})", "video4"}));
}

TEST(ViewerQueueTest, MemoryOfATrackIsBoundedAndOtherTracksGoOn) {
  ViewerQueue queue;
  constexpr std::size_t kMegabyte = 1024 * 1024;
  queue.push_part(live_part("audio", 0, true), 0);
  for (std::uint64_t i = 0; i < 40; ++i) {
    queue.push_part(live_part("video", i, i == 0, kMegabyte), 0);
    EXPECT_LE(queue.size_bytes(), ViewerQueue::kTrackBytes + 2 * kMegabyte);
  }
  EXPECT_EQ(drain(queue), std::vector<std::string>{"audio0"});
}

TEST(ViewerQueueTest, AViewerThatTakesNoTextIsGivenUp) {
  ViewerQueue queue;
  const auto text = std::make_shared<const std::string>(ViewerQueue::kTextBytes / 2 + 1, 'x');
  EXPECT_TRUE(queue.push_text(text));
  EXPECT_FALSE(queue.push_text(text));
}

}  // namespace
}  // namespace sitecast::gateway
