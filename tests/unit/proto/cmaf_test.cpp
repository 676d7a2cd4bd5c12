// SPDX-License-Identifier: Apache-2.0
// The muxer and the reader against each other, and the reader against damage.
#include <gtest/gtest.h>

#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/limits.h"
#include "tests/support/media_samples.h"

namespace sitecast {
namespace {

TEST(CmafInitTest, VideoReadsBackAsWritten) {
  const Bytes init = example_video_init();
  const auto info = read_init(init);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->codec, Codec::kAvc);
  EXPECT_EQ(info->timescale, kVideoTimescale);
  EXPECT_EQ(info->width_px, 320U);
  EXPECT_EQ(info->height_px, 240U);
  EXPECT_EQ(hex_encode(info->codec_config), hex_encode(example_avcc()));
  EXPECT_EQ(as_text(info->sample_entry.subspan(4, 4)), "avc1");
  EXPECT_EQ(*codec_string(init), "avc1.640014");
}

TEST(CmafInitTest, OpusReadsBackAsWritten) {
  const auto init = make_opus_init({1, 312, 16'000});
  ASSERT_TRUE(init.ok());
  const auto info = read_init(*init);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->codec, Codec::kOpus);
  EXPECT_EQ(info->timescale, kOpusTimescale);
  EXPECT_EQ(info->channel_count, 1);
  EXPECT_EQ(info->pre_skip, 312);
  EXPECT_EQ(info->sample_rate_hz, 48'000U);
  EXPECT_EQ(info->codec_config.size(), 11U);
  EXPECT_EQ(*codec_string(*init), "opus");
}

TEST(CmafInitTest, AacReadsBackAsWritten) {
  const Bytes init = example_aac_init();
  const auto info = read_init(init);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->codec, Codec::kAac);
  EXPECT_EQ(info->timescale, 48'000U);
  EXPECT_EQ(info->channel_count, 2);
  EXPECT_EQ(hex_encode(info->codec_config), "1190");
  EXPECT_EQ(*codec_string(init), "mp4a.40.2");
}

TEST(CmafInitTest, RefusesWhatNoPlayerCouldDecode) {
  EXPECT_FALSE(make_video_init({0, 240, example_avcc()}).ok());
  EXPECT_FALSE(make_video_init({320, 16'385, example_avcc()}).ok());
  EXPECT_FALSE(make_video_init({320, 240, {}}).ok());
  Bytes short_nal_lengths = example_avcc();
  short_nal_lengths[4] = 0xfd;
  EXPECT_FALSE(make_video_init({320, 240, short_nal_lengths}).ok());
  for (std::size_t size = 0; size < example_avcc().size(); ++size) {
    const Bytes whole = example_avcc();
    EXPECT_FALSE(
        make_video_init({320, 240, Bytes(whole.begin(), whole.begin() + static_cast<long>(size))})
            .ok())
        << size;
  }
  Bytes too_large = example_avcc();
  too_large.resize(limits::kInitSegmentBytes);
  EXPECT_FALSE(make_video_init({320, 240, too_large}).ok());
  EXPECT_FALSE(make_opus_init({0, 0, 48'000}).ok());
  EXPECT_FALSE(make_opus_init({3, 0, 48'000}).ok());
  EXPECT_FALSE(make_aac_init({1, 48'000, {0x11, 0x90}}).ok());  // configuration says stereo
  EXPECT_FALSE(make_aac_init({2, 44'100, {0x11, 0x90}}).ok());
  EXPECT_FALSE(make_aac_init({2, 48'000, {0x11}}).ok());
  EXPECT_FALSE(make_aac_init({2, 48'000, {0x09, 0x90}}).ok());  // AAC Main
}

TEST(CmafChunkTest, RandomSamplesReadBackAsWritten) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    const RandomSamples made(random, 1 + random() % 20, 3'000);
    const auto number = static_cast<std::uint32_t>(random());
    const std::uint64_t time = random() % limits::kMediaTime;
    const auto chunk = make_chunk(number, time, made.samples);
    ASSERT_TRUE(chunk.ok()) << chunk.error().message();
    const auto info = read_chunk(*chunk);
    ASSERT_TRUE(info.ok()) << info.error().message();
    EXPECT_EQ(info->fragment_number, number);
    EXPECT_EQ(info->decode_time, time);
    EXPECT_EQ(info->starts_with_key_frame, made.samples.front().key_frame);
    ASSERT_EQ(info->samples.size(), made.samples.size());
    std::uint64_t duration = 0;
    Bytes payload;
    for (std::size_t i = 0; i < made.samples.size(); ++i) {
      EXPECT_EQ(info->samples[i].size_bytes, made.samples[i].data.size());
      EXPECT_EQ(info->samples[i].duration, made.samples[i].duration);
      EXPECT_EQ(info->samples[i].key_frame, made.samples[i].key_frame);
      duration += made.samples[i].duration;
      payload.insert(payload.end(), made.data[i].begin(), made.data[i].end());
    }
    EXPECT_EQ(info->duration, duration);
    EXPECT_EQ(Bytes(info->payload.begin(), info->payload.end()), payload);
  }
}

TEST(CmafChunkTest, OneSampleCosts108BytesBesideItsData) {
  const Bytes data(50);
  EXPECT_EQ(make_chunk(1, 0, {{data, 3'000, true}})->size(), data.size() + 108);
  EXPECT_EQ(make_chunk(1, 0, {{data, 960, true}, {data, 960, true}})->size(),
            2 * data.size() + 120);
}

TEST(CmafChunkTest, RefusesSamplesBeyondTheLimits) {
  const Bytes data(10);
  EXPECT_FALSE(make_chunk(1, 0, {}).ok());
  EXPECT_FALSE(make_chunk(1, 0, {{ByteView(), 3'000, true}}).ok());
  EXPECT_FALSE(make_chunk(1, 0, {{data, 0, true}}).ok());
  EXPECT_FALSE(make_chunk(1, limits::kMediaTime, {{data, 1, true}}).ok());
  EXPECT_TRUE(make_chunk(1, 0, std::vector<Sample>(limits::kSamplesPerPart, {data, 1, true})).ok());
  EXPECT_FALSE(
      make_chunk(1, 0, std::vector<Sample>(limits::kSamplesPerPart + 1, {data, 1, true})).ok());
  const Bytes largest(limits::kPartBytes - 108);
  EXPECT_TRUE(make_chunk(1, 0, {{largest, 1, true}}).ok());
  const Bytes too_large(limits::kPartBytes - 107);
  EXPECT_FALSE(make_chunk(1, 0, {{too_large, 1, true}}).ok());
}

TEST(CmafChunkTest, AStypBeforeTheChunkIsRead) {
  const Bytes data(10, 7);
  const Bytes chunk = *make_chunk(4, 5, {{data, 3'000, true}});
  Bytes with_styp = *hex_decode("000000107374797069736f3600000000");
  with_styp.insert(with_styp.end(), chunk.begin(), chunk.end());
  const auto info = read_chunk(with_styp);
  ASSERT_TRUE(info.ok()) << info.error().message();
  EXPECT_EQ(info->fragment_number, 4U);
}

TEST(CmafChunkTest, AnythingBesideOneMoofAndItsMdatIsRefused) {
  const Bytes data(10, 7);
  const Bytes chunk = *make_chunk(4, 5, {{data, 3'000, true}});
  Bytes twice = chunk;
  twice.insert(twice.end(), chunk.begin(), chunk.end());
  EXPECT_FALSE(read_chunk(twice).ok());
  Bytes trailing = chunk;
  trailing.push_back(0);
  EXPECT_FALSE(read_chunk(trailing).ok());
  EXPECT_FALSE(read_chunk({}).ok());
}

TEST(CmafInitTest, EditListsAreRefused) {
  Bytes init = example_opus_init();
  // Renames trak's mdia: the edit list is refused before the missing mdia is noticed.
  const std::string text = to_string(init);
  const auto at = text.find("mdia");
  ASSERT_NE(at, std::string::npos);
  init[at] = 'e';
  init[at + 1] = 'd';
  init[at + 2] = 't';
  init[at + 3] = 's';
  const auto info = read_init(init);
  ASSERT_FALSE(info.ok());
  EXPECT_NE(info.error().message().find("edts"), std::string::npos) << info.error().message();
}

// What must hold for whatever the reader accepts.
void expect_possible(ByteView bytes, const Result<ChunkInfo>& info) {
  if (!info.ok()) return;
  EXPECT_FALSE(info->samples.empty());
  EXPECT_LE(info->samples.size(), limits::kSamplesPerPart);
  std::uint64_t total = 0;
  for (const SampleInfo& sample : info->samples) total += sample.size_bytes;
  EXPECT_EQ(total, info->payload.size());
  EXPECT_GE(info->payload.data(), bytes.data());
  EXPECT_LE(info->payload.data() + info->payload.size(), bytes.data() + bytes.size());
}
void expect_possible(ByteView bytes, const Result<InitInfo>& info) {
  if (!info.ok()) return;
  EXPECT_GT(info->timescale, 0U);
  EXPECT_LE(info->sample_entry.size(), bytes.size());
  EXPECT_LE(info->codec_config.size(), info->sample_entry.size());
  if (info->codec == Codec::kAvc) {
    EXPECT_GT(info->width_px, 0U);
    EXPECT_GT(info->height_px, 0U);
  } else {
    EXPECT_GT(info->channel_count, 0);
    EXPECT_GT(info->sample_rate_hz, 0U);
  }
}

template <typename Read>
void damage_every_byte(const Bytes& good, Read read) {
  ASSERT_TRUE(read(good).ok());
  for (std::size_t size = 0; size < good.size(); ++size) {
    // A copy of exactly that size, so that AddressSanitizer sees a read beyond it.
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read(cut).ok()) << "cut to " << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes damaged = good;
      damaged[at] = static_cast<std::uint8_t>(value);
      expect_possible(damaged, read(damaged));
    }
  }
}

TEST(CmafDamageTest, NoCutOrChangedByteOfAChunkIsMisread) {
  const Bytes a(9, 1);
  const Bytes b(5, 2);
  const Bytes chunk = *make_chunk(7, 90'000, {{a, 3'000, true}, {b, 3'000, false}});
  damage_every_byte(chunk, [](const Bytes& bytes) { return read_chunk(bytes); });
}

TEST(CmafDamageTest, NoCutOrChangedByteOfAnInitSegmentIsMisread) {
  for (const Bytes& init : {example_video_init(), example_opus_init(), example_aac_init()}) {
    damage_every_byte(init, [](const Bytes& bytes) { return read_init(bytes); });
  }
}

}  // namespace
}  // namespace sitecast
