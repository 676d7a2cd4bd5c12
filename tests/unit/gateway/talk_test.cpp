// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"
#include "tests/support/temp_dir.h"
#include "tests/support/time_units.h"
#include "tests/unit/gateway/fake_viewer.h"
#include "viewer/gateway/talk/talk_carrier.h"
#include "viewer/gateway/talk/talk_desk.h"

namespace sitecast::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using test::kSecond;

constexpr std::string_view kAsk = R"({"type":"talk"})";
constexpr std::string_view kHush = R"({"type":"hush"})";

class ManualClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t monotonic_us() const override { return now_us; }
  [[nodiscard]] std::int64_t wall_us() const override { return 1'700'000'000 * kSecond + now_us; }
  std::int64_t now_us = 1000 * kSecond;
};

v1::PartEnvelope envelope_of(const TalkPart& part) {
  const auto split = split_part_frame(as_bytes(*part.frame));
  EXPECT_TRUE(split.ok());
  const auto envelope = parse_envelope(split->envelope_bytes);
  EXPECT_TRUE(envelope.ok());
  return envelope.ok() ? *envelope : v1::PartEnvelope();
}

TEST(TalkTrackTest, PacketsBecomePartsOnTheCapturesClockThatTheReaderTakes) {
  TalkTrack track(CaptureId::make(), "talk.0");
  EXPECT_FALSE(track.add("one", 2'000'000, 1)->has_value());
  const auto first = track.add("two", 2'031'000, 1);
  ASSERT_TRUE(first.ok() && first->has_value());
  const auto envelope = envelope_of(**first);
  EXPECT_EQ(envelope.sequence(), 0U);
  EXPECT_EQ(envelope.media_time(), 96'000U);
  EXPECT_EQ(envelope.duration(), 1'920U);
  EXPECT_EQ(read_init(as_bytes(envelope.init_segment()))->channel_count, 1);
  const auto chunk = read_chunk(split_part_frame(as_bytes(*(*first)->frame))->media);
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(as_text(chunk->payload), "onetwo");
  // Uneven arrival moves nothing; a second turn begins at its own moment, with its own init.
  EXPECT_TRUE(track.add("three", 2'120'000, 1).ok());
  const auto second = track.add("four", 2'125'000, 1);
  EXPECT_EQ(envelope_of(**second).media_time(), 97'920U);
  EXPECT_TRUE(envelope_of(**second).init_segment().empty());
  EXPECT_TRUE(track.add("five", 2'140'000, 1).ok());
  EXPECT_EQ(envelope_of(**track.end()).duration(), 960U);
  EXPECT_TRUE(track.add("six", 9'000'000, 1).ok());
  const auto later = track.add("seven", 9'020'000, 1);
  EXPECT_EQ(envelope_of(**later).media_time(), 432'000U);
  EXPECT_FALSE(envelope_of(**later).init_segment().empty());
}

class TalkDeskTest : public testing::Test {
 protected:
  TalkDeskTest()
      : desk_(live_, "talk.7",
              {[this](ProjectId, DeviceId device, const v1::Talk& talk) {
                 EXPECT_EQ(device, device_);
                 heard_.push_back(talk);
               },
               [this](ProjectId, CaptureId, const std::string& track, TalkPart part) {
                 EXPECT_EQ(track, "talk.7");
                 kept_.push_back(std::move(part));
               },
               [this] { return full_; }},
              clock_) {
    desk_.gateway_is(gateway_);
    film();
  }
  void film() {
    live_.on_part(project_, device_, capture_, live_part("video", sequence_++, true),
                  clock_.now_us);
  }
  std::shared_ptr<FakeViewer> come(const std::string& name, bool centre = false) {
    auto viewer = std::make_shared<FakeViewer>();
    live_.watch_capture(project_, capture_, false, viewer, clock_.now_us);
    viewer->sequences.clear();
    desk_.admit(project_, capture_, {name, centre}, viewer);
    return viewer;
  }
  // What a viewer was last told.
  static std::string last(const FakeViewer& viewer) {
    return viewer.texts.empty() ? "" : viewer.texts.back();
  }

  ManualClock clock_;
  LiveSnapshotHolder snapshot_;
  LiveHub live_{snapshot_};
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make(), gateway_ = DeviceId::make();
  CaptureId capture_ = CaptureId::make();
  std::uint64_t sequence_ = 0;
  std::vector<v1::Talk> heard_;
  std::vector<TalkPart> kept_;
  bool full_ = false;
  TalkDesk desk_;
};

TEST_F(TalkDeskTest, WhoHasTheFloorIsHeardAtTheDeviceAndKeptAndAllAreToldWhoItIs) {
  auto owner = come("王女士");
  auto other = come("李工");
  EXPECT_EQ(last(*owner), R"({"type":"floor","speaker":null,"yours":false})");
  owner->send_packet("before the floor");
  EXPECT_THAT(heard_, IsEmpty());
  owner->say(kAsk);
  EXPECT_EQ(last(*owner), R"({"type":"floor","speaker":"王女士","yours":true})");
  EXPECT_EQ(last(*other), R"({"type":"floor","speaker":"王女士","yours":false})");
  owner->send_packet("a");
  owner->send_packet("b");
  other->send_packet("x");
  ASSERT_THAT(heard_, SizeIs(3));
  EXPECT_EQ(heard_[0].speaker(), "王女士");
  EXPECT_EQ(heard_[2].opus(), "b");
  EXPECT_EQ(heard_[2].packet(), 1U);
  EXPECT_THAT(kept_, SizeIs(1));
  owner->say(kHush);
  EXPECT_EQ(last(*other), R"({"type":"floor","speaker":null,"yours":false})");
  EXPECT_EQ(heard_.back().speaker(), "");
}

TEST_F(TalkDeskTest, OneIsHeardAtATimeAndOnlyTheCentreTakesTheFloorFromOthers) {
  auto owner = come("王女士");
  auto other = come("李工");
  auto centre = come("中心", true);
  auto second_centre = come("主任", true);
  owner->say(kAsk);
  other->say(kAsk);
  EXPECT_EQ(last(*other), R"({"type":"floor_refused","reason":"busy"})");
  owner->send_packet("cut off");
  owner->texts.clear();
  centre->say(kAsk);
  EXPECT_EQ(last(*owner), R"({"type":"floor","speaker":"中心","yours":false})");
  EXPECT_THAT(owner->texts, SizeIs(1)) << "not that nobody speaks";
  EXPECT_THAT(kept_, SizeIs(1)) << "what was said until then is kept";
  second_centre->say(kAsk);
  EXPECT_THAT(last(*second_centre), HasSubstr("busy"));
  centre->leave();
  EXPECT_EQ(last(*owner), R"({"type":"floor","speaker":null,"yours":false})");
}

TEST_F(TalkDeskTest, TheFloorIsFreeAgainAfterSilenceAndRefusedWhereNothingCanBeHeard) {
  auto owner = come("王女士");
  owner->say(kAsk);
  clock_.now_us += Floor::kSilentUs + 1;
  desk_.tick();
  EXPECT_THAT(last(*owner), HasSubstr("null"));
  full_ = true;
  owner->say(kAsk);
  EXPECT_THAT(last(*owner), HasSubstr("full"));
  full_ = false;
  clock_.now_us += LiveHub::kSilentUs;
  owner->say(kAsk);
  EXPECT_THAT(last(*owner), HasSubstr("away"));
}

TEST_F(TalkDeskTest, OthersHearTheVoiceAndItsSpeakerDoesNot) {
  auto owner = come("王女士");
  auto other = come("李工");
  owner->say(kAsk);
  owner->send_packet("a");
  owner->send_packet("b");
  owner->say(kHush);
  const auto voice = live_part("talk.7", 0, true);
  live_.on_part(project_, device_, capture_, voice, clock_.now_us);
  EXPECT_THAT(other->sequences, IsEmpty()) << "only the gateway brings voices";
  live_.on_part(project_, gateway_, capture_, voice, clock_.now_us);
  EXPECT_THAT(other->sequences, ElementsAre(0U));
  EXPECT_THAT(owner->sequences, IsEmpty());
}

TEST_F(TalkDeskTest, AFloodIsCutToALittleMoreThanSpeech) {
  auto owner = come("王女士");
  owner->say(kAsk);
  for (int i = 0; i < 1000; ++i) owner->send_packet("a");
  EXPECT_LT(heard_.size(), 200U);
}

TEST_F(TalkDeskTest, APacketLargerThanOpusAllowsGoesNowhere) {
  auto owner = come("王女士");
  owner->say(kAsk);
  owner->send_packet(std::string(1276, 'x'));
  EXPECT_THAT(heard_, SizeIs(1));  // that the floor was taken
}

// The carrier's thread against a network and a hub that are the test.
class TalkCarrierTest : public testing::Test {
 protected:
  struct Sent {
    std::string topic;
    std::shared_ptr<const std::string> frame;
    int qos;
  };
  std::unique_ptr<TalkCarrier> open() {
    auto carrier = TalkCarrier::open(
        dir_.path() / "talk",
        [this](std::string topic, std::shared_ptr<const std::string> frame, int qos) {
          const MutexLock lock(mutex_);
          sent_.push_back({std::move(topic), std::move(frame), qos});
          changed_.notify_all();
        },
        clock_);
    EXPECT_TRUE(carrier.ok());
    (*carrier)->start();
    return std::move(*carrier);
  }
  std::vector<Sent> wait_sent(std::size_t count) {
    const MutexLock lock(mutex_);
    while (sent_.size() < count) changed_.wait(mutex_);
    return sent_;
  }
  std::vector<TalkPart> parts(TalkTrack& track, int count) {
    std::vector<TalkPart> made;
    for (int i = 0; i < 2 * count; ++i) {
      auto part = track.add("opus", i * 20'000, 1);
      if (part.ok() && *part) made.push_back(std::move(**part));
    }
    return made;
  }
  static v1::Receipt receipt(CaptureId capture, const std::string& track, const TalkPart& last,
                             const Hash& hash) {
    v1::Receipt receipt;
    auto& of_track = *receipt.add_tracks();
    of_track.set_capture_id(capture.raw());
    of_track.set_track(track);
    of_track.set_contiguous(last.sequence + 1);
    of_track.set_running_hash(hash.data(), hash.size());
    return receipt;
  }

  TempDir dir_;
  SystemClock clock_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<Sent> sent_ SC_GUARDED_BY(mutex_);
};

TEST_F(TalkCarrierTest, WhatHasNoReceiptOutlivesTheGatewayAndIsSentAgainUnchanged) {
  const ProjectId project = ProjectId::make();
  const CaptureId capture = CaptureId::make();
  std::vector<TalkPart> made;
  {
    auto carrier = open();
    EXPECT_EQ(carrier->track_name(), "talk.0");
    TalkTrack track(capture, carrier->track_name());
    made = parts(track, 3);
    carrier->connected(DeviceId::make());
    for (const TalkPart& part : made) carrier->carry(project, capture, "talk.0", part);
    const auto live = wait_sent(3);
    EXPECT_EQ(live[0].qos, 0);
    EXPECT_THAT(live[0].topic, HasSubstr("/live/"));
    carrier->receipted(receipt(capture, "talk.0", made[0], made[0].running_hash));
    while (carrier->held_parts() != 2) std::this_thread::yield();
    // Of a history that is not ours nothing is freed.
    carrier->receipted(receipt(capture, "talk.0", made[2], made[0].running_hash));
  }
  {
    const MutexLock lock(mutex_);
    sent_.clear();
  }
  auto carrier = open();
  EXPECT_EQ(carrier->track_name(), "talk.1") << "no track is continued";
  EXPECT_EQ(carrier->held_parts(), 3U) << "the file holds what was not all receipted";
  carrier->connected(DeviceId::make());
  const auto again = wait_sent(3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again[i].qos, 1);
    EXPECT_THAT(again[i].topic, HasSubstr("/fill/" + capture.text() + "/talk.0"));
    EXPECT_EQ(*again[i].frame, *made[i].frame);
  }
  carrier->receipted(receipt(capture, "talk.0", made[2], made[2].running_hash));
  while (carrier->held_parts() != 0) std::this_thread::yield();
  carrier.reset();
  EXPECT_EQ(open()->held_parts(), 0U);
}

}  // namespace
}  // namespace sitecast::gateway
