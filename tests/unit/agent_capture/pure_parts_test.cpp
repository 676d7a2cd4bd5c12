// SPDX-License-Identifier: Apache-2.0
// The parts of capture and encode that are plain functions.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "agent/capture/audio_timeline.h"
#include "agent/capture/camera_mode.h"
#include "agent/capture/media_type.h"
#include "agent/capture/picture_header.h"
#include "agent/capture/source_spec.h"
#include "agent/encode/encoder_choice.h"
#include "agent/encode/picture_size.h"
#include "agent/encode/video_encoder.h"
#include "agent/gst/pipeline.h"
#include "proto/base/text.h"

namespace sitecast::agent {
namespace {

TEST(PictureSizeTest, NeverScalesUp) {
  EXPECT_EQ(encoded_size({848, 480}, 1, 1, {1280, 720}), (PictureSize{848, 480}));
}
TEST(PictureSizeTest, ScalesDownKeepingTheAspect) {
  EXPECT_EQ(encoded_size({1920, 1080}, 1, 1, {1280, 720}), (PictureSize{1280, 720}));
  EXPECT_EQ(encoded_size({4032, 3024}, 1, 1, {1280, 720}), (PictureSize{960, 720}));
}
TEST(PictureSizeTest, APortraitPictureIsLimitedByTheSameNumbersTurned) {
  EXPECT_EQ(encoded_size({1080, 1920}, 1, 1, {1280, 720}), (PictureSize{720, 1280}));
}
TEST(PictureSizeTest, SidesAreEvenAndNotTiny) {
  EXPECT_EQ(encoded_size({425, 121}, 1, 1, {1280, 720}), (PictureSize{424, 120}));
  EXPECT_EQ(encoded_size({3, 3}, 1, 1, {1280, 720}), (PictureSize{16, 16}));
}
TEST(PictureSizeTest, PixelsBecomeSquareByShrinking) {
  EXPECT_EQ(encoded_size({720, 576}, 16, 11, {1280, 720}), (PictureSize{720, 396}));
}

TEST(PictureSizeTest, PixelsThatAreAlmostSquareAreLeftAlone) {
  EXPECT_EQ(encoded_size({1280, 720}, 159, 160, {1280, 720}), (PictureSize{1280, 720}));
}

TEST(BitrateTest, IsTheConfiguredOneAt720p30AndLessBelow) {
  EncodeOptions options;
  EXPECT_EQ(bitrate_for(options, {1280, 720}, 30), 2500U);
  EXPECT_LT(bitrate_for(options, {320, 240}, 30), 600U);
  EXPECT_GE(bitrate_for(options, {16, 16}, 1), 150U);
}

TEST(SourceSpecTest, KnowsEveryForm) {
  EXPECT_EQ(parse_source("v4l2:/dev/video0")->value, "/dev/video0");
  EXPECT_EQ(parse_source("rtsp://127.0.0.1/a")->kind, SourceKind::kRtsp);
  EXPECT_EQ(parse_source("file:a b.mp4")->value, "a b.mp4");
  EXPECT_EQ(parse_source("file:///srv/a.mp4")->value, "/srv/a.mp4");
  EXPECT_EQ(parse_source("test:")->kind, SourceKind::kTest);
  EXPECT_EQ(parse_source("gst:videotestsrc ! identity")->value, "videotestsrc ! identity");
}
TEST(SourceSpecTest, RefusesOthersWithTheFormsThatAreKnown) {
  for (const char* text : {"", "http://x", "v4l2:", "gst:", "file:", "camera"}) {
    const auto spec = parse_source(text);
    ASSERT_FALSE(spec.ok()) << text;
    EXPECT_NE(spec.error().message().find("rtsp://"), std::string::npos) << text;
  }
  EXPECT_FALSE(parse_audio("alsa").ok());
  EXPECT_TRUE(parse_audio("none")->off);
}

TEST(AudioTimelineTest, RoundingErrorsAreIgnored) {
  AudioTimeline line;
  ASSERT_EQ(line.place(0, 1024, false)->position, 0U);
  const auto next = line.place(21'333'000, 1024, false);  // 333 ns early
  EXPECT_EQ(next->position, 1024U);
  EXPECT_EQ(next->silence_samples, 0U);
  EXPECT_EQ(next->take_samples, 1024U);
}
TEST(AudioTimelineTest, AGapBecomesSilence) {
  AudioTimeline line;
  ASSERT_TRUE(line.place(0, 480, false).ok());
  const auto next = line.place(1'010'000'000, 480, false);
  EXPECT_EQ(next->silence_samples, 48'000U);
  EXPECT_EQ(line.end(), 48'960U);
}
TEST(AudioTimelineTest, AnOverlapIsCut) {
  AudioTimeline line;
  ASSERT_TRUE(line.place(0, 48'000, false).ok());
  const auto next = line.place(500'000'000, 48'000, false);
  EXPECT_EQ(next->skip_samples, 24'000U);
  EXPECT_EQ(next->take_samples, 24'000U);
  EXPECT_EQ(line.place(100'000'000, 48, false)->take_samples, 0U);
}
TEST(AudioTimelineTest, AJointIsExact) {
  AudioTimeline line;
  ASSERT_TRUE(line.place(0, 48'000, false).ok());
  EXPECT_EQ(line.place(1'001'000'000, 480, true)->silence_samples, 48U);
}
TEST(AudioTimelineTest, SoundBeforeTheStartIsCutOff) {
  AudioTimeline line;
  const auto first = line.place(-5'000'000, 480, false);
  EXPECT_EQ(first->position, 0U);
  EXPECT_EQ(first->skip_samples, 240U);
}
TEST(AudioTimelineTest, DriftNeverGrowsBeyondTheTolerance) {
  AudioTimeline line;
  std::int64_t time_ns = 0;
  for (int i = 0; i < 100'000; ++i) {  // a device clock 0.1 % slow
    const auto placed = line.place(time_ns, 480, false);
    ASSERT_TRUE(placed.ok());
    time_ns += 10'010'000;
    const auto expected = static_cast<std::int64_t>(double(time_ns) * 48e-6);
    ASSERT_LE(std::llabs(static_cast<std::int64_t>(line.end()) - expected),
              AudioTimeline::kToleranceSamples + 480);
  }
}
TEST(AudioTimelineTest, AJumpOfHoursIsAnErrorAndNotHoursOfSilence) {
  AudioTimeline line;
  ASSERT_TRUE(line.place(0, 480, false).ok());
  EXPECT_EQ(line.place(3'600'000'000'000, 480, false).error().kind(), ErrorKind::kDataLoss);
}

TEST(TextTest, ForeignBytesBecomeTheReplacementCharacter) {
  EXPECT_EQ(clean_text("\xB3\xA7\xB7\xBF.jpg", 100).substr(12), ".jpg");  // GBK
  EXPECT_EQ(clean_text("\xE5\x8E\x82\xE6\x88\xBF.jpg", 100), "\xE5\x8E\x82\xE6\x88\xBF.jpg");
  EXPECT_EQ(clean_text("\xED\xA0\x80", 100), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}
TEST(TextTest, IsCutAtACharacter) {
  EXPECT_EQ(clean_text("\xE5\x8E\x82\xE6\x88\xBF", 5), "\xE5\x8E\x82");
  EXPECT_EQ(clean_text("a\nb\x7f", 10), "ab");
}

std::string type_of(std::string_view bytes) {
  return media_type_of(as_bytes(bytes), as_bytes(bytes));
}

TEST(MediaTypeTest, IsToldFromTheContent) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(type_of("\xFF\xD8\xFF\xE0"sv), "image/jpeg");
  EXPECT_EQ(type_of("\x89PNG\r\n\x1A\n"sv), "image/png");
  EXPECT_EQ(type_of("\0\0\0\x18"
                    "ftypheic"sv),
            "image/heic");
  EXPECT_EQ(type_of("\0\0\0\x18"
                    "ftypisom"sv),
            "video/mp4");
  EXPECT_EQ(type_of("%PDF-1.7"sv), "application/pdf");
  EXPECT_EQ(type_of("PK\3\4..."sv), "application/zip");
  EXPECT_EQ(type_of("PK\3\4[Content_Types].xml word/document.xml"sv),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  EXPECT_EQ(type_of("PK\3\4[Content_Types].xml xl/workbook.xml"sv),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
  EXPECT_EQ(type_of("hello"sv), "application/octet-stream");
  EXPECT_EQ(type_of(""sv), "application/octet-stream");
}

Bytes small_jpeg() {
  return {0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0x01, 0x00, 0x02, 0x00, 1,    1,    0x11, 0,    0xFF,
          0xDA, 0,    8,    1,    1, 0,  0, 63,   0,    0x12, 0x34, 0xFF, 0x00, 0x56, 0xFF, 0xD9};
}

TEST(PictureHeaderTest, ReadsTheSizeOfAJpeg) {
  const auto header = read_jpeg_header(small_jpeg());
  ASSERT_TRUE(header.ok()) << header.error().message();
  EXPECT_EQ(header->width_px, 512U);
  EXPECT_EQ(header->height_px, 256U);
}
TEST(PictureHeaderTest, AnyCutOfAJpegIsNoticed) {
  const Bytes whole = small_jpeg();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_jpeg_header(ByteView(whole).first(size)).ok()) << size;
  }
}
TEST(PictureHeaderTest, WhatFollowsTheEndOfAJpegIsAllowed) {
  Bytes motion_photo = small_jpeg();
  motion_photo.insert(motion_photo.end(), 100, 0xAB);
  EXPECT_TRUE(read_jpeg_header(motion_photo).ok());
}
TEST(PictureHeaderTest, RubbishIsRefused) {
  Bytes bytes(64, 0xFF);
  EXPECT_FALSE(read_jpeg_header(bytes).ok());
  EXPECT_FALSE(read_png_header(bytes).ok());
  EXPECT_FALSE(read_png_header({}).ok());
}

CameraMode mode_for(const char* caps_text, const SourceOptions& wanted = {}) {
  EXPECT_TRUE(gst::initialise().ok());
  const auto caps = gst::GstPtr<GstCaps>::adopt(gst_caps_from_string(caps_text));
  const auto mode = choose_camera_mode(caps.get(), wanted);
  EXPECT_TRUE(mode.ok());
  return mode.ok() ? *mode : CameraMode{};
}

TEST(CameraModeTest, JpegAtFullRateBeatsRawAtTenFrames) {
  const CameraMode mode = mode_for(
      "video/x-raw,format=YUY2,width=1280,height=720,framerate=10/1;"
      "video/x-raw,format=YUY2,width=640,height=480,framerate=30/1;"
      "image/jpeg,width=1280,height=720,framerate=30/1;"
      "image/jpeg,width=1920,height=1080,framerate=30/1");
  EXPECT_TRUE(mode.jpeg);
  EXPECT_EQ(mode.width_px, 1280);
}
TEST(CameraModeTest, RawIsPreferredWhenEqual) {
  EXPECT_FALSE(mode_for("image/jpeg,width=1280,height=720,framerate=30/1;"
                        "video/x-raw,format=NV12,width=1280,height=720,framerate=30/1")
                   .jpeg);
}
TEST(CameraModeTest, RangesAndListsAreUnderstood) {
  const CameraMode mode = mode_for(
      "video/x-raw,format=NV12,width=[32,4096],height=[32,2160],framerate={(fraction)60/1,"
      "(fraction)30/1,(fraction)15/1}");
  EXPECT_EQ(mode.width_px, 1280);
  EXPECT_EQ(mode.height_px, 720);
  EXPECT_DOUBLE_EQ(mode.fps, 30);
}
TEST(CameraModeTest, TheLargestIsTakenWhereNothingIsLargeEnough) {
  EXPECT_EQ(mode_for("video/x-raw,format=YUY2,width=640,height=480,framerate=30/1;"
                     "video/x-raw,format=YUY2,width=320,height=240,framerate=30/1")
                .width_px,
            640);
}

TEST(EncoderChoiceTest, AutoFindsOneThatWorksAndSaysWhy) {
  const auto choice = choose_encoder("auto");
  ASSERT_TRUE(choice.ok()) << choice.error().message();
  EXPECT_FALSE(choice->reason.empty());
}
TEST(EncoderChoiceTest, AnUnknownNameListsTheKnownOnes) {
  const auto choice = choose_encoder("h266");
  ASSERT_FALSE(choice.ok());
  EXPECT_EQ(choice.error().kind(), ErrorKind::kInvalidArgument);
  for (const std::string& name : encoder_names()) {
    EXPECT_NE(choice.error().message().find(name), std::string::npos);
  }
}
TEST(EncoderChoiceTest, ANamedEncoderThatDoesNotWorkIsNotReplacedSilently) {
  for (const std::string& name : encoder_names()) {
    const auto choice = choose_encoder(name);
    if (choice.ok()) {
      EXPECT_EQ(choice->profile.name, name);
    } else {
      EXPECT_EQ(choice.error().kind(), ErrorKind::kFailedPrecondition);
      EXPECT_NE(choice.error().message().find(name), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sitecast::agent
