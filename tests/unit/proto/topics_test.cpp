// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/topics.h"

#include <gtest/gtest.h>

namespace sitecast {
namespace {

TEST(TopicsTest, EveryKindRoundTrips) {
  for (const TopicKind kind :
       {TopicKind::kLive, TopicKind::kFill, TopicKind::kEvent, TopicKind::kHello,
        TopicKind::kReceipt, TopicKind::kDown, TopicKind::kStatus}) {
    Topic topic{kind, ProjectId::make(), DeviceId::make(), CaptureId(), {}};
    if (kind == TopicKind::kLive || kind == TopicKind::kFill) {
      topic.capture = CaptureId::make();
      topic.track = "audio.12";
    }
    const auto parsed = parse_topic(format_topic(topic));
    ASSERT_TRUE(parsed) << format_topic(topic);
    EXPECT_EQ(parsed->kind, topic.kind);
    EXPECT_EQ(parsed->project, topic.project);
    EXPECT_EQ(parsed->device, topic.device);
    EXPECT_EQ(parsed->capture, topic.capture);
    EXPECT_EQ(parsed->track, topic.track);
  }
}

TEST(TopicsTest, RefusesWhatIsNotExactlyOneOfOurs) {
  const std::string project = ProjectId::make().text();
  const std::string device = DeviceId::make().text();
  const std::string capture = CaptureId::make().text();
  const std::string base = "sitecast/1/" + project + "/" + device + "/";
  ASSERT_TRUE(parse_topic(base + "event"));
  ASSERT_TRUE(parse_topic(base + "live/" + capture + "/video"));
  const std::string nil(22, 'A');
  for (const std::string& topic : {std::string(),
                                   std::string("sitecast/1/"),
                                   std::string("sitecast/2/") + base.substr(11) + "event",
                                   "/" + base + "event",
                                   base,
                                   base + "event/",
                                   base + "event/x",
                                   base + "Event",
                                   base + "feed",
                                   base + "live",
                                   base + "live/",
                                   base + "live/" + capture,
                                   base + "live/" + capture + "/",
                                   base + "live/" + capture + "/video/",
                                   base + "live/" + capture + "/video/x",
                                   base + "live/" + capture + "/film",
                                   base + "live//video",
                                   base + "live/" + nil + "/video",
                                   base + "event/" + capture + "/video",
                                   base + "+",
                                   base + "#",
                                   base + "live/+/video",
                                   "sitecast/1/" + nil + "/" + device + "/event",
                                   "sitecast/1/" + project + "/" + nil + "/event",
                                   "sitecast/1/" + project + "=/" + device + "/event",
                                   "sitecast/1/" + project + "/event"}) {
    EXPECT_FALSE(parse_topic(topic)) << topic;
  }
}

TEST(TopicsTest, TrackNamesAreAKindWithAnOptionalNumber) {
  EXPECT_EQ(track_kind("video"), TrackKind::kVideo);
  EXPECT_EQ(track_kind("master"), TrackKind::kMaster);
  EXPECT_EQ(track_kind("audio.0"), TrackKind::kAudio);
  EXPECT_EQ(track_kind("image.10"), TrackKind::kImage);
  EXPECT_EQ(track_kind("file.9999"), TrackKind::kFile);
  EXPECT_EQ(track_kind("talk.3"), TrackKind::kTalk);
  for (const char* name : {"", ".", "video.", "video.01", "video.10000", "video.-1", "video.1.2",
                           "videos", "Video", " video", "video ", ".1", "video.1a"}) {
    EXPECT_FALSE(track_kind(name)) << name;
  }
}

TEST(TopicsTest, OnlyImageAndFileAreFileTracks) {
  EXPECT_TRUE(is_file_track(TrackKind::kImage));
  EXPECT_TRUE(is_file_track(TrackKind::kFile));
  for (const TrackKind kind :
       {TrackKind::kVideo, TrackKind::kMaster, TrackKind::kAudio, TrackKind::kTalk}) {
    EXPECT_FALSE(is_file_track(kind));
  }
}

TEST(TopicsTest, FeedTopicRoundTripsAndIsNoDeviceTopic) {
  const ProjectId project = ProjectId::make();
  EXPECT_EQ(parse_feed_topic(feed_topic(project)), project);
  EXPECT_FALSE(parse_topic(feed_topic(project)));
  EXPECT_FALSE(parse_feed_topic(feed_topic(project) + "/"));
  EXPECT_FALSE(parse_feed_topic(feed_topic(ProjectId())));
  EXPECT_FALSE(parse_feed_topic(device_prefix(project, DeviceId::make()) + "feed"));
}

}  // namespace
}  // namespace sitecast
