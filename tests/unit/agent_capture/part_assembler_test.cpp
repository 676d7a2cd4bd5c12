// SPDX-License-Identifier: Apache-2.0
#include "agent/encode/part_assembler.h"

#include <gtest/gtest.h>

#include <vector>

#include "proto/codec/box_reader.h"
#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"
#include "tests/support/media_samples.h"

namespace sitecast::agent {
namespace {

constexpr std::uint32_t kFrame = 3000;  // 30 fps at 90 kHz

class PartAssemblerTest : public ::testing::Test {
 protected:
  PartAssembler make(PartAssembler::Kind kind, std::uint32_t part_ms) {
    const std::uint32_t timescale =
        kind == PartAssembler::Kind::kVideo ? kVideoTimescale : kOpusTimescale;
    return {{kind, timescale, part_ms, 1'000'000}, [this](NewPart part) {
              parts.push_back(std::move(part));
              return Status(Ok{});
            }};
  }
  static EncodedFrame frame(std::uint64_t media_time, bool key = false,
                            std::uint32_t duration = kFrame) {
    return {Bytes{1, 2, 3, 4, 5}, media_time, duration, key};
  }
  static void add(PartAssembler& assembler, EncodedFrame frame) {
    const Status status = assembler.add(std::move(frame));
    ASSERT_TRUE(status.ok()) << status.error().message();
  }

  std::vector<NewPart> parts;
};

TEST_F(PartAssemblerTest, AFrameOf33MsIsAPartAtOnce) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 33);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  EXPECT_EQ(parts.size(), 1U);
  add(assembler, frame(3003, false, 3003));
  EXPECT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[1].media_time, 3003U);
  EXPECT_EQ(parts[1].duration, 3003U);
}

TEST_F(PartAssemblerTest, APartOf100MsLeavesWithItsThirdFrame) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 100);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  add(assembler, frame(kFrame));
  EXPECT_TRUE(parts.empty());
  add(assembler, frame(2 * kFrame));
  ASSERT_EQ(parts.size(), 1U);
  const auto chunk = read_chunk(parts[0].media);
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->samples.size(), 3U);
}

TEST_F(PartAssemblerTest, InsideAPartTheTrueDistancesAreWritten) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 100);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  add(assembler, frame(4000));
  add(assembler, frame(9000));
  ASSERT_EQ(parts.size(), 1U);
  const auto chunk = read_chunk(parts[0].media);
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->samples[0].duration, 4000U);
  EXPECT_EQ(chunk->samples[1].duration, 5000U);
  EXPECT_EQ(chunk->samples[2].duration, kFrame);
}

TEST_F(PartAssemblerTest, AKeyFrameBeginsAPartAndCarriesInitAndWallClock) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 100);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  add(assembler, frame(kFrame));
  add(assembler, frame(90'000, true));
  ASSERT_EQ(parts.size(), 1U);
  ASSERT_TRUE(assembler.flush().ok());
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(parts[1].key_frame);
  EXPECT_EQ(parts[1].init_segment, example_video_init());
  EXPECT_EQ(parts[1].init_hash8, init_hash8(example_video_init()));
  EXPECT_EQ(parts[1].captured_at_us, 1'000'000 + 1'000'000);
  EXPECT_EQ(read_chunk(parts[1].media)->fragment_number, 2U);
}

TEST_F(PartAssemblerTest, VideoBeforeTheFirstKeyFrameIsDropped) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 33);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0));
  add(assembler, frame(kFrame, true));
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].media_time, kFrame);
  EXPECT_EQ(assembler.dropped_count(), 1U);
}

TEST_F(PartAssemblerTest, AFrameThatGoesBackInTimeIsDropped) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 33);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(kFrame, true));
  add(assembler, frame(kFrame));
  add(assembler, frame(0));
  EXPECT_EQ(parts.size(), 1U);
  EXPECT_EQ(assembler.dropped_count(), 2U);
}

TEST_F(PartAssemblerTest, ANewInitSegmentWaitsForTheNextKeyFrame) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 33);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  const Bytes other = *make_video_init({640, 480, example_avcc()});
  ASSERT_TRUE(assembler.set_init(other).ok());
  add(assembler, frame(kFrame));
  add(assembler, frame(2 * kFrame, true));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[1].media_time, 2U * kFrame);
  EXPECT_EQ(parts[1].init_segment, other);
}

TEST_F(PartAssemblerTest, AudioRepeatsItsInitEveryTwoSeconds) {
  PartAssembler assembler = make(PartAssembler::Kind::kAudio, 40);
  ASSERT_TRUE(assembler.set_init(example_opus_init()).ok());
  for (std::uint64_t i = 0; i < 205; ++i) add(assembler, frame(i * 960, true, 960));
  ASSERT_EQ(parts.size(), 102U);
  std::vector<std::uint64_t> at;
  for (const NewPart& part : parts) {
    EXPECT_FALSE(part.key_frame);
    EXPECT_EQ(part.duration, 1920U);
    if (!part.init_segment.empty()) at.push_back(part.media_time);
  }
  EXPECT_EQ(at, (std::vector<std::uint64_t>{0, 96'000, 192'000}));
}

TEST_F(PartAssemblerTest, AStillPictureNeverMakesAPartLongerThanTheLimit) {
  PartAssembler assembler = make(PartAssembler::Kind::kVideo, 500);
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  add(assembler, frame(0, true));
  add(assembler, frame(90'000 * 30));
  ASSERT_TRUE(assembler.flush().ok());
  ASSERT_EQ(parts.size(), 2U);
  for (const NewPart& part : parts) {
    EXPECT_LE(part.duration, limits::kPartDurationMs * 90);
  }
}

TEST_F(PartAssemblerTest, AFailureOfTheStoreComesBack) {
  PartAssembler assembler({PartAssembler::Kind::kVideo, kVideoTimescale, 33, 0},
                          [](NewPart) { return Status(resource_exhausted("full")); });
  ASSERT_TRUE(assembler.set_init(example_video_init()).ok());
  const Status status = assembler.add(frame(0, true));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind(), ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace sitecast::agent
