// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hls_playlist.h"

#include <gtest/gtest.h>

namespace sitecast::gateway {
namespace {

constexpr std::uint32_t kTimescale = 1000;
const CaptureId kCapture = *CaptureId::parse("AaIQtPyxcAaCyEXGK_ydnA");

hub::Segment segment(std::uint64_t first_sequence, std::uint64_t media_time, std::uint64_t duration,
                     bool closed = true, std::string init = "AAAAAAAA") {
  hub::Segment made;
  made.first_sequence = first_sequence;
  made.part_count = 1;
  made.media_time = media_time;
  made.duration = duration;
  made.init_hash8 = std::move(init);
  made.closed = closed;
  made.ranges = {{first_sequence * 1000, 1000}};
  return made;
}

HlsTrack track() { return {kCapture, "video", kTimescale, 1'700'000'000'250'000}; }

std::string whole(const std::vector<hub::Segment>& segments) {
  std::vector<HlsEntry> entries;
  append_entries(entries, segments, kTimescale, true);
  return media_playlist(track(), entries);
}

TEST(HlsPlaylist, NamesSegmentsWithTheirTimesInitAndDate) {
  EXPECT_EQ(whole({segment(0, 0, 1990), segment(60, 2000, 1500)}),
            "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:2\n"
            "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
            "#EXT-X-MAP:URI=\"/segments/AaIQtPyxcAaCyEXGK_ydnA/video/init/4141414141414141.mp4\"\n"
            "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.250Z\n"
            "#EXTINF:2.000000,\n/segments/AaIQtPyxcAaCyEXGK_ydnA/video/0.m4s\n"
            "#EXTINF:1.500000,\n/segments/AaIQtPyxcAaCyEXGK_ydnA/video/60.m4s\n"
            "#EXT-X-ENDLIST\n");
}

TEST(HlsPlaylist, GapsKeepTheTimeAndAreNotAskedFor) {
  const auto text = whole({segment(90, 3000, 2000), segment(210, 10'000, 2000)});
  EXPECT_NE(text.find("#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:2.000000,\n#EXT-X-GAP\ngap\n"
                      "#EXTINF:1.000000,\n#EXT-X-GAP\ngap\n#EXT-X-MAP:"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("90.m4s\n#EXTINF:2.000000,\n#EXT-X-GAP\ngap\n#EXTINF:2.000000,\n#EXT-X-GAP\n"
                      "gap\n#EXTINF:1.000000,\n#EXT-X-GAP\ngap\n"
                      "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:30.250Z\n#EXTINF:2.000000,\n"),
            std::string::npos)
      << text;
}

TEST(HlsPlaylist, AnotherInitIsNamedWhereItBegins) {
  const auto text = whole({segment(0, 0, 2000), segment(60, 2000, 2000, true, "BBBBBBBB"),
                           segment(120, 4000, 2000, true, "BBBBBBBB")});
  EXPECT_NE(text.find("0.m4s\n#EXT-X-MAP:URI=\"/segments/AaIQtPyxcAaCyEXGK_ydnA/video/init/"
                      "4242424242424242.mp4\"\n#EXTINF"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("#EXT-X-MAP", text.find("60.m4s")), std::string::npos);
}

TEST(HlsPlaylist, NoSegmentLastsLongerThanTheTarget) {
  EXPECT_NE(whole({segment(0, 0, 4600)}).find("#EXT-X-TARGETDURATION:5\n"), std::string::npos);
}

TEST(HlsPlaylist, SegmentsWithoutBytesAreGaps) {
  auto empty = segment(60, 2000, 2000);
  empty.ranges.clear();
  const auto text = whole({segment(0, 0, 2000), empty, segment(120, 4000, 2000)});
  EXPECT_EQ(text.find("60.m4s"), std::string::npos);
  EXPECT_NE(text.find("0.m4s\n#EXTINF:2.000000,\n#EXT-X-GAP\n"), std::string::npos) << text;
}

TEST(HlsPlaylist, VariantsStateTheirPeakAndShareTheSound) {
  EXPECT_EQ(peak_bandwidth({segment(0, 0, 1000), segment(30, 1000, 2000), segment(90, 3000, 100)},
                           kTimescale),
            8000U);
  const HlsVariant sound{"audio", "opus", 64'000, 0, 0};
  const auto text = multivariant_playlist(
      kCapture, {{"video", "avc1.64001f", 1'000'000, 1280, 720}}, &sound, true);
  EXPECT_NE(text.find("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"audio\",DEFAULT=YES,"
                      "AUTOSELECT=YES,URI=\"/api/v1/captures/AaIQtPyxcAaCyEXGK_ydnA/tracks/audio/"
                      "hls.m3u8?follow=1\"\n#EXT-X-STREAM-INF:BANDWIDTH=1064000,CODECS="
                      "\"avc1.64001f,opus\",RESOLUTION=1280x720,AUDIO=\"sound\"\n"),
            std::string::npos)
      << text;
  EXPECT_NE(multivariant_playlist(kCapture, {}, &sound, false)
                .find("BANDWIDTH=64000,CODECS=\"opus\"\n/api/v1/captures/AaIQtPyxcAaCyEXGK_ydnA/"
                      "tracks/audio/hls.m3u8\n"),
            std::string::npos);
}

}  // namespace
}  // namespace sitecast::gateway
