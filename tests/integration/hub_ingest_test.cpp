// SPDX-License-Identifier: Apache-2.0
// The hub as devices see it: real broker, real process.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "hub/index/reader.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kPort = 21310;

// Reads a project's feed as the gateway does.
class FeedReader : public MqttPeer {
 public:
  using MqttPeer::MqttPeer;
  std::vector<v1::CommittedEvent> events;

 private:
  void on_message(std::string_view topic, ByteView payload) override {
    if (!parse_feed_topic(topic)) return;
    v1::CommittedEvent event;
    ASSERT_TRUE(event.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
    events.push_back(std::move(event));
  }
};

// States what people say, as the gateway does.
class PeoplesVoice : public MqttPeer {
 public:
  PeoplesVoice(std::uint16_t port, std::string password, DeviceId device)
      : MqttPeer(port, "gateway-publisher", std::move(password)), device_(device) {}
  void state(ProjectId project, v1::Event& event) {
    event.mutable_actor()->set_user("owner");
    event.mutable_actor()->set_display_name("王总");
    const std::string bytes = event.SerializeAsString();
    publish(format_topic({TopicKind::kEvent, project, device_, {}, ""}),
            {bytes.begin(), bytes.end()});
    EXPECT_TRUE(pump_until([&] { return !connection().wants_to_write(); }));
  }

 private:
  void on_message(std::string_view /*topic*/, ByteView /*payload*/) override {}
  DeviceId device_;
};

class HubIngestTest : public testing::Test {
 protected:
  void SetUp() override {
    project_ = stack_.add_project();
    mine_ = stack_.enrol(project_);
    ASSERT_NO_FATAL_FAILURE(stack_.start_broker());
    ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  }

  std::unique_ptr<SimulatedDevice> device(const EnrolledDevice& enrolled) {
    auto made = std::make_unique<SimulatedDevice>(kPort, enrolled);
    EXPECT_TRUE(made->connect_and_listen());
    return made;
  }
  TrackMaker maker(const std::string& track, TrackOptions options = {}) {
    return {CaptureId::make(), track, mine_.key, options};
  }
  v1::Event event(const std::string& kind, CaptureId capture) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(kind);
    event.set_stated_at_us(1'700'000'000'000'000);
    event.set_capture_id(capture.raw());
    return event;
  }
  v1::Event note(CaptureId capture) {
    v1::Event stated = event("note", capture);
    stated.mutable_note()->set_text("厂房主体已完成");
    return stated;
  }
  std::unique_ptr<PeoplesVoice> people() {
    std::string id;
    std::ifstream(stack_.layout().gateway_device()) >> id;
    auto made = std::make_unique<PeoplesVoice>(kPort, stack_.password_of("gateway-publisher"),
                                               DeviceId::parse(id).value_or(DeviceId()));
    EXPECT_TRUE(made->connect());
    return made;
  }
  v1::Event said(const std::string& kind) {
    v1::Event stated = event(kind, CaptureId::make());
    stated.clear_capture_id();
    return stated;
  }
  v1::Event message(const std::string& text, std::optional<CaptureId> capture = std::nullopt) {
    v1::Event stated = said("message");
    stated.mutable_message()->set_text(text);
    if (capture) stated.set_capture_id(capture->raw());
    return stated;
  }
  v1::Event request(const std::string& text, std::optional<DeviceId> asked = std::nullopt) {
    v1::Event stated = said("request");
    stated.mutable_request()->set_text(text);
    if (asked) stated.mutable_request()->set_device_id(asked->raw());
    return stated;
  }
  static bool refused(const SimulatedDevice& device, v1::RefusalCause cause) {
    return std::any_of(device.refusals.begin(), device.refusals.end(),
                       [&](const v1::Refusal& refusal) { return refusal.cause() == cause; });
  }
  void expect_archived(const TrackMaker& track, const std::vector<MadePart>& parts) {
    const auto archived = archived_parts(stack_.layout(), project_, track.capture(), track.track());
    EXPECT_EQ(archived.size(), parts.size());
    for (const MadePart& part : parts) {
      const auto found = archived.find(part.sequence);
      ASSERT_NE(found, archived.end()) << part.sequence;
      EXPECT_EQ(found->second, part.hash);
    }
  }

  HubStack stack_{kPort};
  ProjectId project_;
  EnrolledDevice mine_;
};

TEST_F(HubIngestTest, RemoteVoiceIsTakenFromTheGatewayAloneForACaptureThatIsHere) {
  std::string id;
  std::ifstream(stack_.layout().gateway_device()) >> id;
  EnrolledDevice speaking{.project = project_,
                          .id = DeviceId::parse(id).value_or(DeviceId()),
                          .password = stack_.password_of("gateway-publisher"),
                          .key = mine_.key};
  SimulatedDevice gateway(kPort, speaking, "gateway-publisher");
  ASSERT_TRUE(gateway.connect_and_listen());
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  TrackMaker talk{video.capture(), "talk.0", mine_.key, {}};

  const MadePart said = talk.next();
  gateway.send(talk, said);
  ASSERT_TRUE(gateway.pump_until([&] { return refused(gateway, v1::OVERLOADED); }));

  const MadePart filmed = video.next(true);
  sender->send(video, filmed);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
  gateway.send(talk, said);
  ASSERT_TRUE(gateway.pump_until([&] { return gateway.contiguous(talk) == 1; }));

  TrackMaker imitated{video.capture(), "talk.1", mine_.key, {}};
  sender->send(imitated, imitated.next());
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::NOT_ALLOWED); }));
  TrackMaker stolen{video.capture(), "video", mine_.key, {}};
  gateway.send(stolen, stolen.next());
  ASSERT_TRUE(gateway.pump_until([&] { return refused(gateway, v1::NOT_ALLOWED); }));

  expect_archived(video, {filmed});
  expect_archived(talk, {said});
}

TEST_F(HubIngestTest, PartsAreArchivedOnceReceiptedAndReadable) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  TrackMaker audio{video.capture(), "audio", mine_.key, {}};
  std::vector<MadePart> video_parts;
  std::vector<MadePart> audio_parts;
  for (int i = 0; i < 100; ++i) {
    video_parts.push_back(video.next(i == 99));
    audio_parts.push_back(audio.next(i == 99));
    sender->send(video, video_parts.back(), true);
    sender->send(audio, audio_parts.back(), true);
    sender->send(video, video_parts.back());  // the same again by fill
    sender->send(audio, audio_parts.back());
  }
  ASSERT_TRUE(sender->pump_until(
      [&] { return sender->contiguous(video) == 100 && sender->contiguous(audio) == 100; }));
  EXPECT_EQ(sender->receipts[SimulatedDevice::of(video)].running_hash(),
            as_text(video.running().value()));
  EXPECT_EQ(sender->receipts[SimulatedDevice::of(audio)].running_hash(),
            as_text(audio.running().value()));
  EXPECT_TRUE(sender->refusals.empty());
  expect_archived(video, video_parts);
  expect_archived(audio, audio_parts);

  auto reader = hub::IndexReader::open(stack_.state_dir());
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(eventually([&] { return (*reader)->capture(video.capture()).ok(); }));
  const auto segments = (*reader)->segments(video.capture(), "video", 0, UINT64_MAX);
  ASSERT_TRUE(segments.ok());
  EXPECT_EQ(segments->size(), 20U);
}

TEST_F(HubIngestTest, GapIsSaidAndClosedByFill) {
  auto sender = device(mine_);
  TrackMaker video = maker("video", {.parts_per_head = 4});
  std::vector<MadePart> parts;
  for (int i = 0; i < 40; ++i) parts.push_back(video.next(i == 39));
  for (const MadePart& part : parts) {
    if (part.sequence != 5 && part.sequence != 6) sender->send(video, part, true);
  }
  ASSERT_TRUE(sender->pump_until([&] { return sender->receipted(video, 39); }));
  EXPECT_EQ(sender->contiguous(video), 5U);
  sender->send(video, parts[6]);
  sender->send(video, parts[5]);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 40; }));
  EXPECT_EQ(sender->receipts[SimulatedDevice::of(video)].running_hash(),
            as_text(video.running().value()));
  expect_archived(video, parts);
}

TEST_F(HubIngestTest, OtherBytesWithTheSameIdentityAreAConflictInQuarantine) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  TrackMaker forged{video.capture(), "video", mine_.key, {.seed = 99}};
  const MadePart part = video.next();
  sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
  sender->send(video, forged.next());
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::CONFLICT); }));
  expect_archived(video, {part});
  EXPECT_FALSE(
      std::filesystem::is_empty(stack_.layout().quarantine_dir(project_, video.capture())));
}

TEST_F(HubIngestTest, WhatIsNoPartIsRefusedAndTheHubGoesOn) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  const MadePart part = video.next();
  std::mt19937_64 random(5);
  const Bytes whole = part.frame();
  for (int i = 0; i < 300; ++i) {
    Bytes damaged = whole;
    damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    sender->send_frame(video.capture(), "video", std::move(damaged));
  }
  sender->send_frame(video.capture(), "video", {});
  const std::vector<Bytes> hostile{{}, {0xff}, Bytes(100'000, 0xff), Bytes(300, 0x08)};
  for (const Bytes& bytes : hostile) {
    sender->publish(format_topic({TopicKind::kEvent, project_, mine_.id, {}, ""}), bytes);
    sender->publish(format_topic({TopicKind::kHello, project_, mine_.id, {}, ""}), bytes);
  }
  sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
  EXPECT_TRUE(refused(*sender, v1::MALFORMED));
  expect_archived(video, {part});
  EXPECT_TRUE(stack_.hub_runs());
}

TEST_F(HubIngestTest, HeadThatDoesNotFitIsRefused) {
  auto sender = device(mine_);
  TrackMaker stranger{CaptureId::make(), "video", SigningKey::generate(), {.parts_per_head = 1}};
  sender->send(stranger, stranger.next());
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::MALFORMED); }));
  EXPECT_TRUE(archived_parts(stack_.layout(), project_, stranger.capture(), "video").empty());
}

TEST_F(HubIngestTest, AnotherDevicesCaptureIsNotTouched) {
  const EnrolledDevice theirs = stack_.enrol(project_);
  auto sender = device(mine_);
  auto intruder = device(theirs);
  TrackMaker video = maker("video");
  const MadePart part = video.next();
  sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));

  TrackMaker same{video.capture(), "video", theirs.key, {}};
  (void)same.next();
  intruder->send(same, same.next());
  ASSERT_TRUE(intruder->pump_until([&] { return refused(*intruder, v1::NOT_ALLOWED); }));
  intruder->refusals.clear();
  TrackMaker beside{video.capture(), "audio", theirs.key, {}};
  intruder->send(beside, beside.next());
  ASSERT_TRUE(intruder->pump_until([&] { return refused(*intruder, v1::NOT_ALLOWED); }));
  intruder->refusals.clear();
  intruder->send_event(note(video.capture()));
  ASSERT_TRUE(intruder->pump_until([&] { return refused(*intruder, v1::NOT_ALLOWED); }));
  intruder->say_hello({&same});
  TrackMaker own{CaptureId::make(), "video", theirs.key, {}};
  intruder->send(own, own.next());
  ASSERT_TRUE(intruder->pump_until([&] { return intruder->contiguous(own) == 1; }));
  EXPECT_EQ(intruder->receipts.count(SimulatedDevice::of(same)), 0U) << "told of another's track";
  expect_archived(video, {part});
}

TEST_F(HubIngestTest, EventsAreLoggedOnceReceiptedAndFed) {
  FeedReader feed(kPort, "gateway-reader", stack_.password_of("gateway-reader"));
  ASSERT_TRUE(feed.connect());
  feed.connection().subscribe("sitecast/1/+/feed");
  ASSERT_TRUE(feed.pump_until([&] { return feed.connection().acknowledged_subscriptions() == 1; }));

  auto sender = device(mine_);
  const CaptureId capture = CaptureId::make();
  v1::Event opened = event("capture.opened", capture);
  opened.mutable_capture_opened()->set_capture_kind("walkthrough");
  opened.mutable_capture_opened()->set_captured_at_us(1'700'000'000'000'000);
  opened.mutable_capture_opened()->add_tracks("video");
  const v1::Event remark = note(capture);
  sender->send_event(opened);
  sender->send_event(remark);
  sender->send_event(remark);
  ASSERT_TRUE(sender->pump_until([&] { return sender->event_receipts.size() == 2; }));
  ASSERT_TRUE(feed.pump_until([&] { return feed.events.size() == 2; }));
  EXPECT_EQ(feed.events[1].event(), remark.SerializeAsString());
  EXPECT_EQ(feed.events[1].device_id(), mine_.id.raw());

  sender->event_receipts.clear();
  sender->send_event(remark);  // long after it was indexed
  ASSERT_TRUE(sender->pump_until([&] { return sender->event_receipts.size() == 1; }));
  v1::Event changed = remark;
  changed.mutable_note()->set_text("something else");
  sender->send_event(changed);
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::CONFLICT); }));

  v1::Event decision = event("project.stated", capture);
  decision.clear_capture_id();
  decision.mutable_project()->set_name("mine now");
  sender->send_event(decision);
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::NOT_ALLOWED); }));

  auto reader = hub::IndexReader::open(stack_.state_dir());
  ASSERT_TRUE(reader.ok());
  const auto events = (*reader)->events(capture);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->size(), 2U);
  EXPECT_EQ((*reader)->capture(capture)->note_count, 1U);
  EXPECT_EQ((*reader)->project(project_)->name, "测试项目");
}

TEST_F(HubIngestTest, AnEventWhoseTextIsNotUtf8IsRefusedByItsIdAndNotKept) {
  auto sender = device(mine_);
  const CaptureId capture = CaptureId::make();
  v1::Event damaged = note(capture);
  damaged.mutable_note()->set_text("\xb3\xa7\xb7\xbf");  // GBK
  sender->send_event(damaged);
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::MALFORMED); }));
  EXPECT_EQ(sender->refusals.at(0).event_id(), damaged.event_id());
  v1::Event opened = event("capture.opened", capture);
  opened.mutable_capture_opened()->set_capture_kind("walkthrough");
  opened.mutable_capture_opened()->add_tracks("video");
  sender->send_event(opened);
  sender->send_event(note(capture));
  ASSERT_TRUE(sender->pump_until([&] { return sender->event_receipts.size() == 2; }));
  EXPECT_EQ(sender->event_receipts.count(damaged.event_id()), 0U);
  auto reader = hub::IndexReader::open(stack_.state_dir());
  ASSERT_TRUE(reader.ok());
  EXPECT_TRUE(eventually([&] {
    const auto events = (*reader)->events(capture);
    return events.ok() && events->size() == 2;
  }));
}

TEST_F(HubIngestTest, HelloIsAnsweredWithWhatIsDurableAlsoAfterAKill) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  TrackMaker unknown = maker("video");
  std::vector<MadePart> parts;
  for (int i = 0; i < 30; ++i) parts.push_back(video.next());
  for (const MadePart& part : parts) sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 30; }));
  EXPECT_EQ(stack_.stop_hub(SIGKILL), -SIGKILL);
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  sender->receipts.clear();
  sender->say_hello({&video, &unknown});
  ASSERT_TRUE(sender->pump_until([&] { return sender->receipts.size() == 2; }));
  EXPECT_EQ(sender->contiguous(video), 30U);
  EXPECT_EQ(sender->receipts[SimulatedDevice::of(video)].running_hash(),
            as_text(video.running().value()));
  EXPECT_EQ(sender->contiguous(unknown), 0U);
}

// The device takes what the answer does not name for lost, and sends it again.
TEST_F(HubIngestTest, AnAnswerSpeaksOfEverythingThatWasSentBeforeTheQuestion) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  TrackMaker audio{video.capture(), "audio", mine_.key, {}};
  for (std::uint64_t question = 1; question <= 20; ++question) {
    for (int i = 0; i < 10; ++i) {
      sender->send(video, video.next(), true);
      sender->send(audio, audio.next());
    }
    sender->say_hello({&video, &audio}, question);
    ASSERT_TRUE(sender->pump_until([&] { return sender->answers.size() == question; }));
    const v1::Receipt& answer = sender->answers.back();
    EXPECT_EQ(answer.answers(), question);
    ASSERT_EQ(answer.tracks_size(), 2);
    for (const v1::TrackReceipt& track : answer.tracks()) {
      EXPECT_EQ(track.contiguous(), 10 * question) << track.track();
    }
  }
  sender->say_hello({}, 99);
  ASSERT_TRUE(sender->pump_until([&] { return sender->answers.size() == 21; }));
  EXPECT_EQ(sender->answers.back().tracks_size(), 0);
}

TEST_F(HubIngestTest, WhatIsDirectedToADeviceGoesDownToItAlone) {
  const EnrolledDevice other = stack_.enrol(project_);
  auto me = device(mine_);
  auto neighbour = device(other);
  ASSERT_TRUE(me->listen_down());
  ASSERT_TRUE(neighbour->listen_down());
  const CaptureId capture = CaptureId::make();
  v1::Event opened = event("capture.opened", capture);
  opened.mutable_capture_opened()->set_capture_kind("walkthrough");
  opened.mutable_capture_opened()->add_tracks("video");
  me->send_event(opened);
  ASSERT_TRUE(me->pump_until([&] { return me->event_receipts.count(opened.event_id()) > 0; }));
  auto owner = people();
  v1::Event pin = event("pin", capture);
  pin.set_has_media_time(true);
  pin.set_media_time_us(1'500'000);
  pin.mutable_pin()->set_x(0.25);
  pin.mutable_pin()->set_y(0.75);
  v1::Event here = message("请往左一点", capture);
  v1::Event mine = request("水泵房", mine_.id);
  v1::Event anybody = request("屋面");
  v1::Event all = message("明天上午有雨");
  for (v1::Event* event : {&pin, &here, &mine, &anybody, &all}) owner->state(project_, *event);
  for (const v1::Event* event : {&pin, &here, &mine, &anybody, &all}) {
    EXPECT_TRUE(me->pump_until([&] { return me->was_told(event->event_id()); })) << event->kind();
  }
  // What one device does with a request that asks anybody, the others learn.
  v1::Event accepted = said("request.accepted");
  accepted.mutable_request_step()->set_request_id(anybody.event_id());
  me->send_event(accepted);
  ASSERT_TRUE(me->pump_until([&] { return me->event_receipts.count(accepted.event_id()) > 0; }));
  ASSERT_TRUE(neighbour->pump_until([&] { return neighbour->was_told(accepted.event_id()); }));
  for (const v1::Event* event : {&anybody, &all}) {
    EXPECT_TRUE(neighbour->was_told(event->event_id())) << event->kind();
  }
  for (const v1::Event* event : {&pin, &here, &mine}) {
    EXPECT_FALSE(neighbour->was_told(event->event_id())) << event->kind();
  }
  EXPECT_FALSE(me->was_told(accepted.event_id()));
  ASSERT_EQ(me->downs.front().events_size(), 1);
}

TEST_F(HubIngestTest, WhatWasDirectedToADeviceThatWasAwayIsToldWhenItAsks) {
  auto owner = people();
  v1::Event open = request("水泵房", mine_.id);
  v1::Event over = request("屋面");
  v1::Event closed = said("request.closed");
  closed.mutable_request_step()->set_request_id(over.event_id());
  v1::Event all = message("明天上午有雨");
  for (v1::Event* event : {&open, &over, &closed, &all}) owner->state(project_, *event);
  ASSERT_TRUE(eventually([&] { return stack_.metric("sitecast_hub_events_stored_total") >= 4; }));
  stack_.stop_hub(SIGKILL);
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  auto me = device(mine_);
  ASSERT_TRUE(me->listen_down());
  me->ask_down();
  ASSERT_TRUE(me->pump_until([&] { return me->was_told(all.event_id()); }));
  EXPECT_TRUE(me->was_told(open.event_id()));
  EXPECT_FALSE(me->was_told(over.event_id()));
  ASSERT_EQ(me->downs.size(), 1U);
  EXPECT_TRUE(me->downs.front().answer());
  EXPECT_TRUE(me->downs.front().all_requests());
}

// The hub may have been killed between its log and the message, or its connection lost.
TEST_F(HubIngestTest, AHubThatConnectsAnewTellsDevicesThatStayed) {
  auto me = device(mine_);
  ASSERT_TRUE(me->listen_down());
  auto owner = people();
  v1::Event open = request("水泵房", mine_.id);
  owner->state(project_, open);
  ASSERT_TRUE(me->pump_until([&] { return me->was_told(open.event_id()); }));
  stack_.stop_hub(SIGKILL);
  me->downs.clear();
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  EXPECT_TRUE(me->pump_until([&] { return me->was_told(open.event_id()); }));
}

TEST_F(HubIngestTest, StopArchivesAndReceiptsWhatHasArrived) {
  auto sender = device(mine_);
  TrackMaker video = maker("video", {.part_bytes = 20'000});
  std::vector<MadePart> parts;
  for (int i = 0; i < 200; ++i) parts.push_back(video.next(i == 199));
  for (const MadePart& part : parts) sender->send(video, part);
  // The broker's acknowledgement says nothing about the hub: wait for a receipt.
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) > 0; }));
  EXPECT_EQ(stack_.stop_hub(), 0) << stack_.hub_log();
  const auto archived = archived_parts(stack_.layout(), project_, video.capture(), "video");
  EXPECT_GT(archived.size(), 0U);
  EXPECT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == archived.size(); }));
  EXPECT_EQ(std::filesystem::file_size(stack_.layout().archive_root() / "touched"), 0U);
  EXPECT_EQ(stack_.command({"check", "--read-data"}).exit_code, 0);
}

TEST_F(HubIngestTest, CheckBesideTheRunningHubIsCleanWhileItWrites) {
  auto sender = device(mine_);
  std::vector<TrackMaker> tracks;
  for (const char* track : {"video", "audio", "master"}) {
    tracks.push_back(maker(track, {.part_bytes = 30'000}));
  }
  for (int round = 0; round < 15; ++round) {
    for (int i = 0; i < 60; ++i) {
      for (TrackMaker& track : tracks) sender->send(track, track.next());
      sender->send_event(note(tracks[0].capture()));
    }
    sender->pump_until([&] { return !sender->connection().wants_to_write(); });
    const auto checked =
        round % 2 == 0 ? stack_.command({"check", "--read-data"}) : stack_.command({"check"});
    ASSERT_EQ(checked.exit_code, 0) << checked.out;
    EXPECT_NE(checked.out.find("a hub runs on this state"), std::string::npos) << checked.out;
  }
  EXPECT_EQ(stack_.stop_hub(), 0);
  const auto checked = stack_.command({"check", "--read-data"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out;
}

TEST_F(HubIngestTest, BrokerMayGoAndComeBack) {
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  sender->send(video, video.next());
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
  stack_.stop_broker(SIGKILL);
  ASSERT_NO_FATAL_FAILURE(stack_.start_broker());  // its files are asked of the running hub
  ASSERT_TRUE(eventually([&] { return stack_.metric("sitecast_hub_broker_connects") == 2; }));
  auto again = device(mine_);
  again->send(video, video.next());
  ASSERT_TRUE(again->pump_until([&] { return again->contiguous(video) == 2; }));
}

TEST_F(HubIngestTest, DeviceEnrolledAndRemovedWhileAllRuns) {
  EnrolledDevice late = stack_.enrol(project_);
  auto sender = device(late);
  TrackMaker video{CaptureId::make(), "video", late.key, {}};
  sender->send(video, video.next());
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
  ASSERT_EQ(stack_.command({"device", "remove", late.id.text()}).exit_code, 0);
  EXPECT_TRUE(sender->pump_until([&] { return !sender->connected(); })) << "still connected";
  SimulatedDevice again(kPort, late);
  EXPECT_FALSE(again.connect());
  EXPECT_NE(stack_.command({"device", "remove", late.id.text()}).exit_code, 0);
}

TEST_F(HubIngestTest, FullDiskIsSaidAndOvercome) {
  stack_.stop_hub();
  stack_.set_commit_options("reserve_bytes = 4611686018427387904\n");
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  auto sender = device(mine_);
  TrackMaker video = maker("video");
  const MadePart part = video.next();
  sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return refused(*sender, v1::HUB_FULL); }));
  EXPECT_EQ(sender->contiguous(video), 0U);
  stack_.stop_hub();
  stack_.set_commit_options("reserve_bytes = 1000000\n");
  ASSERT_NO_FATAL_FAILURE(stack_.start_hub());
  sender->send(video, part);
  ASSERT_TRUE(sender->pump_until([&] { return sender->contiguous(video) == 1; }));
}

TEST_F(HubIngestTest, OneHubPerState) {
  EXPECT_NE(stack_.command({"run"}).exit_code, 0);
  EXPECT_TRUE(stack_.hub_runs());
}

}  // namespace
}  // namespace sitecast
