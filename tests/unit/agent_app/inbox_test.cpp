// SPDX-License-Identifier: Apache-2.0
// What people direct to a device, kept on it.
#include "agent/direction/inbox.h"

#include <gtest/gtest.h>

#include <fstream>

#include "agent/direction_report.h"
#include "tests/support/temp_dir.h"

namespace sitecast::agent {
namespace {

class InboxTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    inbox_.reset();  // writes what is not written yet
    auto opened = Inbox::open(file_, Log("test"));
    ASSERT_TRUE(opened.ok());
    inbox_ = std::move(*opened);
  }

  static v1::Event event(const std::string& kind) {
    static std::int64_t stated_at_us = 1'700'000'000'000'000;
    v1::Event made;
    made.set_event_id(EventId::make().raw());
    made.set_kind(kind);
    made.set_stated_at_us(++stated_at_us);
    return made;
  }
  static v1::Event request(const std::string& text, std::vector<std::string> shots = {}) {
    v1::Event made = event("request");
    made.mutable_request()->set_text(text);
    for (const std::string& shot : shots) made.mutable_request()->add_shots(shot);
    return made;
  }
  static v1::Event step(const std::string& kind, const v1::Event& request, std::uint32_t shot = 0) {
    v1::Event made = event(kind);
    if (kind == "request.answered") made.set_capture_id(CaptureId::make().raw());
    made.mutable_request_step()->set_request_id(request.event_id());
    made.mutable_request_step()->set_shot(shot);
    return made;
  }
  static v1::Event message(const std::string& text) {
    v1::Event made = event("message");
    made.mutable_message()->set_text(text);
    return made;
  }
  v1::Down down(const std::vector<v1::Event>& events) {
    v1::Down made;
    for (const v1::Event& one : events) {
      v1::CommittedEvent& committed = *made.add_events();
      committed.set_event(one.SerializeAsString());
      committed.set_device_id(gateway_.raw());
      committed.set_received_at_us(++received_at_us_);
    }
    return made;
  }
  void take(const std::vector<v1::Event>& events) { inbox_->take(project_, down(events)); }
  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const KeptRequest& kept : inbox_->requests()) {
      found.push_back(kept.request.event.request().text());
    }
    return found;
  }
  void wait_written() {
    for (int i = 0; i < 500 && !inbox_->written(); ++i) inbox_->wait_beyond(UINT64_MAX - 1, 20'000);
    ASSERT_TRUE(inbox_->written());
  }

  const TempDir dir_;
  const std::filesystem::path file_ = dir_.path() / "directions.json";
  const ProjectId project_ = ProjectId::make();
  const DeviceId gateway_ = DeviceId::make();
  std::int64_t received_at_us_ = 5'000;
  std::unique_ptr<Inbox> inbox_;
};

TEST_F(InboxTest, RequestsWaitThroughRestartsUntilTheyAreClosed) {
  const v1::Event pump = request("水泵房");
  const v1::Event roof = request("屋面");
  take({pump, roof, message("明天有雨")});
  reopen();
  EXPECT_EQ(texts(), (std::vector<std::string>{"水泵房", "屋面"}));
  ASSERT_EQ(inbox_->said().size(), 1U);
  EXPECT_EQ(inbox_->heard_until_us(project_), received_at_us_);
  take({step("request.closed", pump)});
  reopen();
  EXPECT_EQ(texts(), (std::vector<std::string>{"屋面"}));
}

TEST_F(InboxTest, WhatComesAgainIsKeptOnceAndIsNoNews) {
  const v1::Event pump = request("水泵房");
  const v1::Down once = down({pump, message("往左")});
  DirectionNews news(*inbox_, false);
  inbox_->take(project_, once);
  EXPECT_EQ(news.take().size(), 2U);
  const std::uint64_t revision = inbox_->revision();
  inbox_->take(project_, once);
  EXPECT_EQ(inbox_->revision(), revision);
  EXPECT_TRUE(news.take().empty());
  EXPECT_EQ(inbox_->said().size(), 1U);
}

TEST_F(InboxTest, StatusNamesTheNewestThatOthersSaid) {
  take({message("一"), message("二"), message("三")});
  inbox_->stated(project_, message("好的"));
  const auto said = make_said_report(inbox_->said(), 2);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0]["text"], "二");
  EXPECT_EQ(said[1]["text"], "三");
}

TEST_F(InboxTest, WhatTheHubDoesNotNameAmongAllIsOver) {
  const v1::Event pump = request("水泵房");
  const v1::Event roof = request("屋面");
  take({pump, roof});
  const ProjectId other = ProjectId::make();
  inbox_->take(other, down({request("别的项目")}));
  v1::Down all = down({roof});
  all.set_all_requests(true);
  DirectionNews news(*inbox_, false);
  inbox_->take(project_, all);
  EXPECT_EQ(texts(), (std::vector<std::string>{"屋面", "别的项目"}));
  const auto told = news.take();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["state"], "closed");
  EXPECT_EQ(told[0]["text"], "水泵房");
}

TEST_F(InboxTest, StateFollowsTheStepsAndTheShots) {
  const v1::Event pump = request("水泵房", {"阀门", "2号泵"});
  take({pump});
  const auto state = [&] { return make_request_report(inbox_->requests().at(0))["state"]; };
  EXPECT_EQ(state(), "open");
  inbox_->stated(project_, step("request.accepted", pump));
  EXPECT_EQ(state(), "accepted");
  inbox_->stated(project_, step("request.answered", pump, 2));
  inbox_->stated(project_, step("request.answered", pump, 7));  // there is no such shot
  EXPECT_EQ(state(), "accepted");
  reopen();
  EXPECT_EQ(inbox_->requests().at(0).progress().answered_shots(), (std::set<std::uint32_t>{2}));
  take({step("request.answered", pump, 1)});  // by another device
  EXPECT_EQ(state(), "answered");
  const v1::Event roof = request("屋面", {"女儿墙"});
  take({roof});
  inbox_->stated(project_, step("request.answered", roof));
  EXPECT_EQ(make_request_report(inbox_->requests().at(1))["state"], "answered");
}

TEST_F(InboxTest, ARequestIsFoundByItsLastCharacters) {
  const v1::Event pump = request("水泵房");
  take({pump, request("屋面")});
  const std::string id = EventId::from_bytes(pump.event_id())->text();
  const auto requests = inbox_->requests();
  EXPECT_TRUE(find_request(requests, id).ok());
  EXPECT_TRUE(find_request(requests, id.substr(id.size() - 4)).ok());
  EXPECT_EQ(find_request(requests, id.substr(id.size() - 3)).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(find_request(requests, "").error().kind(), ErrorKind::kNotFound);
}

// What was not written is not heard: the hub tells it again.
TEST_F(InboxTest, WhatCannotBeWrittenIsShownAndDoesNotCountAsHeard) {
  take({message("一")});
  wait_written();
  const std::int64_t heard_us = inbox_->heard_until_us(project_);
  EXPECT_EQ(heard_us, received_at_us_);
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  std::ofstream(file_ / "in the way") << "x";
  const std::uint64_t revision = inbox_->revision();
  take({message("二")});
  EXPECT_TRUE(inbox_->wait_beyond(revision, 1'000'000));
  EXPECT_EQ(inbox_->said().size(), 2U);
  for (int i = 0; i < 500 && inbox_->write_failures() == 0; ++i) {
    inbox_->wait_beyond(UINT64_MAX - 1, 20'000);
  }
  EXPECT_GT(inbox_->write_failures(), 0U);
  EXPECT_EQ(inbox_->heard_until_us(project_), heard_us);
}

TEST_F(InboxTest, ADamagedFileIsPutAsideAndAllIsAskedForAgain) {
  take({request("水泵房")});
  inbox_.reset();
  std::ofstream(file_, std::ios::app) << "}";
  reopen();
  EXPECT_TRUE(texts().empty());
  EXPECT_EQ(inbox_->heard_until_us(project_), 0);
  EXPECT_TRUE(std::filesystem::exists(file_.string() + ".damaged"));
}

}  // namespace
}  // namespace sitecast::agent
