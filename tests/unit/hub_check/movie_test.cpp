// SPDX-License-Identifier: Apache-2.0
#include "hub/check/movie.h"

#include <gtest/gtest.h>

#include "hub/check/mp4_file.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::hub {
namespace {

// avcC with stubs of parameter sets: nothing here decodes.
Bytes avcc() { return *hex_decode("01640015ffe100046764001501000468ebe3cbfdf8f800"); }

class MovieTest : public testing::Test {
 protected:
  MovieTest() {
    auto video = make_video_init({320, 180, avcc()});
    EXPECT_TRUE(video.ok()) << video.error().message();
    video_init_ = std::move(*video);
    video_ = *read_init(video_init_);
    opus_init_ = *make_opus_init({2, 312, 48'000});
    opus_ = *read_init(opus_init_);
  }

  // A chunk with samples of the given durations; the first a key frame if asked for.
  static Bytes chunk(std::uint64_t time, const std::vector<std::uint32_t>& durations, bool key) {
    static const Bytes data(100, 7);
    std::vector<Sample> samples;
    for (const std::uint32_t duration : durations) {
      samples.push_back({data, duration, key && samples.empty()});
    }
    return *make_chunk(1, time, samples);
  }
  static std::vector<MovieTrack> collect(const InitInfo& init, const std::vector<Bytes>& chunks) {
    TrackCollector collector("video");
    for (const Bytes& bytes : chunks) EXPECT_TRUE(collector.add(init, bytes, 0).ok());
    return std::move(collector).take();
  }

  Bytes video_init_;
  Bytes opus_init_;
  InitInfo video_;
  InitInfo opus_;
};

TEST_F(MovieTest, NextDecodeTimeIsTheTruthAboutADuration) {
  const auto tracks =
      collect(video_, {chunk(0, {3000}, true), chunk(2900, {3000}, false),
                       chunk(6100, {3000, 3000}, false), chunk(12'000, {3000}, false)});
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].durations, (std::vector<std::uint32_t>{2900, 3200, 3000, 2900, 3000}));
  EXPECT_EQ(tracks[0].key_frames, (std::vector<std::uint32_t>{0}));
  EXPECT_TRUE(tracks[0].gaps.empty());
}

TEST_F(MovieTest, GapStretchesTheSampleBeforeIt) {
  const auto tracks = collect(video_, {chunk(0, {3000}, true), chunk(900'000, {3000}, true)});
  EXPECT_EQ(tracks[0].durations, (std::vector<std::uint32_t>{900'000, 3000}));
  ASSERT_EQ(tracks[0].gaps.size(), 1U);
  EXPECT_EQ(tracks[0].gaps[0].from, 3000U);
  EXPECT_EQ(tracks[0].gaps[0].until, 900'000U);
}

TEST_F(MovieTest, ClockThatStepsBackNeverGivesANegativeDurationAndIsCaughtUp) {
  const auto tracks = collect(video_, {chunk(9000, {3000}, true), chunk(3000, {3000}, false),
                                       chunk(6000, {3000}, false), chunk(12'000, {3000}, false)});
  EXPECT_EQ(tracks[0].durations, (std::vector<std::uint32_t>{1, 1, 2998, 3000}));
}

TEST_F(MovieTest, ChangeOfResolutionIsASecondSampleDescription) {
  const Bytes other = *make_video_init({640, 360, avcc()});
  TrackCollector collector("video");
  ASSERT_TRUE(collector.add(video_, chunk(0, {3000}, true), 0).ok());
  ASSERT_TRUE(collector.add(*read_init(other), chunk(3000, {3000}, true), 500).ok());
  ASSERT_TRUE(collector.add(video_, chunk(6000, {3000}, true), 1000).ok());
  const auto tracks = std::move(collector).take();
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_EQ(tracks[0].sample_entries.size(), 2U);
  EXPECT_EQ(tracks[0].width_px, 640U);
  EXPECT_EQ(tracks[0].parts[0].description, 0U);
  EXPECT_EQ(tracks[0].parts[1].description, 1U);
  EXPECT_EQ(tracks[0].parts[2].description, 0U);
}

TEST_F(MovieTest, ChangeOfCodecCutsAllTracksIntoASecondMovie) {
  const Bytes aac_init = *make_aac_init({2, 44'100, {0x12, 0x10}});
  TrackCollector sound("audio");
  for (std::uint64_t i = 0; i < 100; ++i) {  // 2 s of Opus
    ASSERT_TRUE(sound.add(opus_, chunk(i * 960, {960}, true), 0).ok());
  }
  const InitInfo aac = *read_init(aac_init);
  for (std::uint64_t i = 0; i < 80; ++i) {
    ASSERT_TRUE(sound.add(aac, chunk(88'200 + i * 1024, {1024}, true), 0).ok());
  }
  TrackCollector picture("video");
  for (std::uint64_t i = 0; i < 120; ++i) {  // 4 s, a key frame each 0.5 s
    ASSERT_TRUE(picture.add(video_, chunk(i * 3000, {3000}, i % 15 == 0), 0).ok());
  }
  const auto movies = plan_movies({std::move(picture).take(), std::move(sound).take()});
  ASSERT_EQ(movies.size(), 2U);
  ASSERT_EQ(movies[0].tracks.size(), 2U);
  ASSERT_EQ(movies[1].tracks.size(), 2U);
  EXPECT_EQ(movies[0].tracks[0].sizes.size() + movies[1].tracks[0].sizes.size(), 120U);
  EXPECT_EQ(movies[1].start_us(), 2'000'000);
  EXPECT_TRUE(movies[1].tracks[0].parts[0].key_frame);
  EXPECT_EQ(movies[1].tracks[0].parts[0].first_sample, 0U);
  EXPECT_EQ(movies[1].tracks[1].codec, Codec::kAac);
}

TEST_F(MovieTest, PartThatIsNoChunkStaysOutside) {
  TrackCollector collector("video");
  EXPECT_FALSE(collector.add(video_, Bytes(50, 1), 0).ok());
  EXPECT_TRUE(std::move(collector).take().empty());
}

// Where a box of that type lies in the head, and its content as numbers.
std::size_t find_box(const Bytes& head, std::string_view type) {
  const auto at = as_text(head).find(type);
  EXPECT_NE(at, std::string_view::npos) << type;
  return at + 4;
}
std::uint64_t number(const Bytes& head, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | head[at + i];
  return value;
}

TEST_F(MovieTest, TrackThatBeginsLaterIsDelayedByAnEditList) {
  Movie movie;
  movie.tracks = {collect(video_, {chunk(90'000, {3000}, true)})[0],
                  collect(opus_, {chunk(72'000, {960, 960}, true)})[0]};
  const auto layout = lay_out_movie(movie, 0);
  EXPECT_EQ(movie.start_us(), 1'000'000);
  const std::size_t elst = find_box(layout.head, "elst");  // only the sound has one
  EXPECT_EQ(number(layout.head, elst + 4, 4), 2U);
  EXPECT_EQ(number(layout.head, elst + 8, 8), 45'000U);  // half a second later
  EXPECT_EQ(number(layout.head, elst + 16, 8), ~0ULL);   // nothing is shown
  EXPECT_EQ(number(layout.head, elst + 28, 8), 3015U);   // (1920 - 312) / 48000
  EXPECT_EQ(number(layout.head, elst + 36, 8), 312U);    // pre-skip
  EXPECT_EQ(as_text(layout.head).find("elst", elst), std::string_view::npos);
}

TEST_F(MovieTest, LargeFilesGetWideOffsetsAndAWideBox) {
  Movie movie;
  movie.tracks = {collect(video_, {chunk(0, {3000}, true), chunk(90'000, {3000}, true)})[0]};
  EXPECT_NE(as_text(lay_out_movie(movie, 0).head).find("stco"), std::string_view::npos);

  movie.tracks[0].parts[0].size_bytes = 3'000'000'000U;
  movie.tracks[0].parts[1].size_bytes = 2'000'000'000U;
  const auto layout = lay_out_movie(movie, 0);
  const std::size_t co64 = find_box(layout.head, "co64");
  EXPECT_EQ(number(layout.head, co64 + 4, 4), 2U);
  EXPECT_EQ(number(layout.head, co64 + 8, 8), layout.head.size());
  EXPECT_EQ(number(layout.head, co64 + 16, 8), layout.head.size() + 3'000'000'000U);
  EXPECT_EQ(layout.size_bytes, layout.head.size() + 5'000'000'000U);
  EXPECT_EQ(number(layout.head, layout.head.size() - 8, 8), 5'000'000'016U);
}

TEST_F(MovieTest, TracksAreInterleaved) {
  std::vector<Bytes> pictures;
  std::vector<Bytes> sounds;
  for (std::uint64_t i = 0; i < 300; ++i) pictures.push_back(chunk(i * 3000, {3000}, i == 0));
  for (std::uint64_t i = 0; i < 500; ++i) sounds.push_back(chunk(i * 960, {960}, true));
  Movie movie;
  movie.tracks = {collect(video_, pictures)[0], collect(opus_, sounds)[0]};
  const auto layout = lay_out_movie(movie, 0);
  std::int64_t last_us = 0;
  std::uint64_t end = layout.head.size();
  for (const MovieChunk& chunk : layout.chunks) {
    EXPECT_GE(chunk.start_us, last_us);
    EXPECT_EQ(chunk.file_offset, end);
    last_us = chunk.start_us;
    end += chunk.size_bytes;
  }
  EXPECT_EQ(end, layout.size_bytes);
  EXPECT_GE(layout.chunks.size(), 38U);  // twenty half seconds of each
}

}  // namespace
}  // namespace sitecast::hub
