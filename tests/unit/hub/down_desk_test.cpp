// SPDX-License-Identifier: Apache-2.0
// What goes down to which device, on an index made for it.
#include "hub/down/down_desk.h"

#include <gtest/gtest.h>

#include "hub/index/current.h"
#include "proto/codec/topics.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;

class DownDeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Enrolled enrolled;
    enrolled.projects.insert(project_);
    for (const DeviceId device : {mine_, other_}) {
      enrolled.devices[device] = {device, "", false, {project_}, std::nullopt};
    }
    enrolled.devices[gateway_] = {gateway_, "", true, {}, std::nullopt};
    enrolled_.set(std::move(enrolled));
  }

  EventId state(v1::Event event, std::int64_t received_at_us) {
    const EventId id = EventId::make();
    event.set_event_id(id.raw());
    event.set_stated_at_us(received_at_us);
    archive_.add_event(project_, gateway_, event, received_at_us);
    return id;
  }
  EventId say(const std::string& text, std::int64_t received_at_us) {
    v1::Event event;
    event.set_kind("message");
    event.mutable_message()->set_text(text);
    return state(event, received_at_us);
  }
  EventId ask(const std::string& text, std::optional<DeviceId> device, std::int64_t at_us) {
    v1::Event event;
    event.set_kind("request");
    event.mutable_request()->set_text(text);
    if (device) event.mutable_request()->set_device_id(device->raw());
    return state(event, at_us);
  }

  // What `device` is told when it asks, in order; false in `all` unless it is said to be all.
  std::vector<EventId> told(DeviceId device, std::int64_t heard_until_us, bool* all = nullptr) {
    const auto path = new_index_path(layout_);
    EXPECT_TRUE(build_index(layout_, *path, Log("test")).ok());
    EXPECT_TRUE(switch_index(layout_, *path).ok());
    Mutex mutex;
    CondVar changed;
    std::vector<v1::Down> sent;
    bool answered = false;
    const std::string topic = format_topic({TopicKind::kDown, project_, device, {}, ""});
    {
      DownDesk desk(
          {dir_.path(), &enrolled_, &clock_,
           [&](const std::string& to, std::string_view payload) {
             EXPECT_EQ(to, topic);
             const MutexLock lock(mutex);
             v1::Down down;
             EXPECT_TRUE(down.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
             answered = answered || down.answer();
             sent.push_back(std::move(down));
             changed.notify_all();
             return true;
           }},
          Log("test"));
      desk.start();
      desk.hello(project_, device, heard_until_us);
      const MutexLock lock(mutex);
      for (int waits = 0; !answered && waits < 100; ++waits) changed.wait_for_us(mutex, 200'000);
    }
    EXPECT_TRUE(answered);
    std::vector<EventId> ids;
    for (const v1::Down& down : sent) {
      EXPECT_LE(down.ByteSizeLong(), 256U * 1024);
      for (const v1::CommittedEvent& committed : down.events()) {
        v1::Event event;
        EXPECT_TRUE(event.ParseFromString(committed.event()));
        ids.push_back(*EventId::from_bytes(event.event_id()));
      }
    }
    if (all != nullptr) *all = sent.size() == 1 && sent.front().all_requests();
    return ids;
  }

  const TempDir dir_;
  const Layout layout_{dir_.path()};
  ArchiveBuilder archive_{layout_};
  FakeClock clock_;
  EnrolledView enrolled_;
  const ProjectId project_ = ProjectId::make();
  const DeviceId mine_ = DeviceId::make();
  const DeviceId other_ = DeviceId::make();
  const DeviceId gateway_ = DeviceId::make();
};

TEST_F(DownDeskTest, MessagesAreToldAgainFromTenMinutesBeforeWhatWasHeard) {
  const std::int64_t now_us = clock_.wall_us();
  const EventId ancient = say("八天前", now_us - 8 * 24 * 60 * kMinuteUs);
  const EventId old = say("一小时前", now_us - 60 * kMinuteUs);
  const EventId recent = say("九分钟前", now_us - 9 * kMinuteUs);
  EXPECT_EQ(told(mine_, 0), (std::vector{old, recent}));
  EXPECT_EQ(told(mine_, now_us - 60 * kMinuteUs), (std::vector{old, recent}));
  EXPECT_EQ(told(mine_, now_us), (std::vector{recent}));
  // The hub's clock was ahead when it heard that.
  EXPECT_EQ(told(mine_, now_us + 1'000 * kMinuteUs), (std::vector{recent}));
  static_cast<void>(ancient);
}

TEST_F(DownDeskTest, OpenRequestsAreToldHoweverOldToWhomTheyAsk) {
  const EventId mine = ask("水泵房", mine_, 1'000);
  const EventId anybodys = ask("屋面", std::nullopt, 2'000);
  const EventId others = ask("地坪", other_, 3'000);
  bool all = false;
  EXPECT_EQ(told(mine_, clock_.wall_us(), &all), (std::vector{anybodys, mine}));
  EXPECT_TRUE(all);
  EXPECT_EQ(told(other_, clock_.wall_us(), &all), (std::vector{others, anybodys}));
}

TEST_F(DownDeskTest, ManyRequestsComeInSeveralMessagesWithinTheLimit) {
  const std::string text(2000, 't');
  std::vector<EventId> asked;
  for (int i = 0; i < 150; ++i) asked.push_back(ask(text, std::nullopt, 1'000 + i));
  bool all = true;
  auto ids = told(mine_, clock_.wall_us(), &all);
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(ids, asked);
  EXPECT_FALSE(all);
}

}  // namespace
}  // namespace sitecast::hub
