// SPDX-License-Identifier: Apache-2.0
// What people state, as the index's reader gives it.
#include <algorithm>
#include <random>

#include "tests/unit/hub/reader_fixture.h"

namespace sitecast::hub {
namespace {

TEST_F(ReaderTest, RemarksOfNoCaptureEqualBruteForceWithFilterAndCursor) {
  std::mt19937_64 random(12);
  struct Remark {
    std::int64_t at_us;
    EventId id;
    std::string area;
  };
  std::vector<Remark> remarks;
  const auto capture = CaptureId::make();
  open_capture(capture, "walkthrough", "北区", 1'700'000'000'000'000);
  const std::vector<std::string> areas{"", "北区", "办公楼"};
  for (int i = 0; i < 200; ++i) {
    auto said = event(random() % 2 == 0 ? "note" : "progress", capture);
    if (said.kind() == "note") {
      said.mutable_note()->set_text("基础已完成");
    } else {
      said.mutable_progress()->set_stage("基础");
    }
    said.set_area(areas[random() % areas.size()]);
    said.set_stated_at_us(1'700'000'000'000'000 + static_cast<std::int64_t>(random() % 60));
    if (i % 3 != 0) {  // every third one is of the capture
      said.clear_capture_id();
      remarks.push_back({said.stated_at_us(), *EventId::from_bytes(said.event_id()), said.area()});
    }
    archive_.add_event(project_, device_, said);
  }
  auto stated = event("project.stated", capture);
  stated.clear_capture_id();
  stated.mutable_project()->set_name("no remark");
  archive_.add_event(project_, device_, stated);
  index(false);
  std::sort(remarks.begin(), remarks.end(), [](const Remark& a, const Remark& b) {
    return std::tie(a.at_us, a.id) > std::tie(b.at_us, b.id);
  });
  for (const std::string& area : {std::string(), areas[1], areas[2]}) {
    std::vector<EventId> expected;
    for (const Remark& remark : remarks) {
      const bool asked = area.empty() || remark.area == area;
      if (asked && remark.at_us >= 1'700'000'000'000'010) expected.push_back(remark.id);
    }
    std::vector<EventId> paged;
    TimelineQuery query;
    query.project = project_;
    query.limit = 7;
    query.area = area;
    query.from_us = 1'700'000'000'000'010;
    for (;;) {
      const auto page = reader_->remarks(query);
      ASSERT_TRUE(page.ok()) << page.error().message();
      if (page->empty()) break;
      for (const EventInfo& info : *page) {
        EXPECT_FALSE(info.capture);
        paged.push_back(info.id);
      }
      query.before_us = page->back().stated_at_us;
      query.before_capture = CaptureId::from_bytes(page->back().id.raw());
    }
    EXPECT_EQ(paged, expected) << area;
  }
  TimelineQuery elsewhere;
  elsewhere.project = ProjectId::make();
  EXPECT_TRUE(reader_->remarks(elsewhere)->empty());
}

// More than a second of a project has places for.
TEST_F(ReaderTest, ACrowdInOneSecondIsListedWhole) {
  std::vector<CaptureId> expected;
  for (int i = 0; i < 2500; ++i) {
    expected.push_back(CaptureId::make());
    open_capture(expected.back(), "photo", "", 1'700'000'000'000'000);
  }
  index(false);
  std::sort(expected.rbegin(), expected.rend());
  std::vector<CaptureId> paged;
  TimelineQuery query;
  query.project = project_;
  query.limit = 200;
  for (;;) {
    const auto page = reader_->timeline(query);
    ASSERT_TRUE(page.ok());
    if (page->empty()) break;
    for (const CaptureInfo& info : *page) paged.push_back(info.id);
    query.before_us = page->back().captured_at_us;
    query.before_capture = page->back().id;
  }
  EXPECT_EQ(paged, expected);
  EXPECT_TRUE(reader_->capture(expected.front()).ok());
}

TEST_F(ReaderTest, ProjectsAndMembersAreTheLatestStatements) {
  v1::Event stated = event("project.stated", {});
  stated.clear_capture_id();
  stated.mutable_project()->set_name("智能制造产业园");
  stated.mutable_project()->add_areas("1号车间");
  archive_.add_event(project_, {}, stated);
  v1::Event added = event("member.added", {});
  added.clear_capture_id();
  added.mutable_member()->set_user("wang");
  added.mutable_member()->set_role("owner");
  archive_.add_event(project_, {}, added);
  open_capture(CaptureId::make(), "walkthrough", "", 1'700'000'000'000'005);
  index(false);
  const auto projects = reader_->projects();
  ASSERT_TRUE(projects.ok());
  ASSERT_EQ(projects->size(), 1U);
  EXPECT_EQ(projects->front().name, "智能制造产业园");
  EXPECT_EQ(projects->front().capture_count, 1U);
  EXPECT_EQ(projects->front().last_captured_at_us, 1'700'000'000'000'005);
  ASSERT_EQ(reader_->memberships("wang")->size(), 1U);
  v1::Event removed = event("member.removed", {});
  removed.clear_capture_id();
  removed.mutable_member()->set_user("wang");
  archive_.add_event(project_, {}, removed);
  index(false);
  EXPECT_TRUE(reader_->memberships("wang")->empty());
}

TEST_F(ReaderTest, APlanIsReadOnceAllItsPartsAreThereAndKeepsItsNumber) {
  const ProjectId project = ProjectId::make();
  const DeviceId device = DeviceId::make();
  const auto stated = [&](const std::string& kind, std::int64_t at_us) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(kind);
    event.set_stated_at_us(at_us);
    return event;
  };
  v1::Event part = stated("plan.part", 100);
  part.mutable_plan_part()->add_lines()->set_name("基础");
  v1::Event plan = stated("plan.baselined", 200);
  plan.mutable_plan_baselined()->set_number(1);
  plan.mutable_plan_baselined()->add_part_events(part.event_id());
  v1::Event second = stated("plan.baselined", 300);
  second.mutable_plan_baselined()->set_number(1);
  archive_.add_event(project, device, second);
  archive_.add_event(project, device, plan);
  index(false);
  const auto baselines = reader_->plan_baselines(project);
  ASSERT_TRUE(baselines.ok());
  ASSERT_EQ(baselines->size(), 1U);
  EXPECT_EQ(baselines->front().stated_event.raw(), plan.event_id());
  const std::vector<EventId> parts{*EventId::from_bytes(part.event_id())};
  EXPECT_EQ(reader_->plan_parts(project, parts).error().kind(), ErrorKind::kUnavailable);
  archive_.add_event(project, device, part);
  index(false);
  EXPECT_EQ(reader_->plan_parts(ProjectId::make(), parts).error().kind(), ErrorKind::kUnavailable);
  const auto read = reader_->plan_parts(project, parts);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_string(ByteView(read->front().event_bytes)), part.SerializeAsString());
}

TEST_F(ReaderTest, WhatWasSeenCountsFromWhenItWasFilmedIfItsCaptureIsOfTheProject) {
  const ProjectId project = ProjectId::make();
  const DeviceId device = DeviceId::make();
  const EventId item = EventId::make();
  const CaptureId filmed = CaptureId::make();
  const CaptureId foreign = CaptureId::make();
  for (const auto& [capture, owner] : {std::pair(filmed, project), {foreign, ProjectId::make()}}) {
    v1::Event opened;
    opened.set_event_id(EventId::make().raw());
    opened.set_kind("capture.opened");
    opened.set_stated_at_us(1'000);
    opened.set_capture_id(capture.raw());
    opened.mutable_capture_opened()->set_capture_kind("photo");
    opened.mutable_capture_opened()->set_captured_at_us(900);
    archive_.add_event(owner, device, opened);
  }
  for (const CaptureId capture : {filmed, foreign}) {
    v1::Event progress;
    progress.set_event_id(EventId::make().raw());
    progress.set_kind("progress");
    progress.set_stated_at_us(5'000);
    progress.set_capture_id(capture.raw());
    progress.mutable_progress()->set_plan_item(item.raw());
    archive_.add_event(project, device, progress);
  }
  index(false);
  const auto statements = reader_->plan_statements(project);
  ASSERT_TRUE(statements.ok());
  ASSERT_EQ(statements->size(), 2U);
  EXPECT_EQ(statements->at(0).capture, filmed);
  EXPECT_EQ(statements->at(0).seen_at_us, 900);
  EXPECT_FALSE(statements->at(1).capture);
  EXPECT_EQ(statements->at(1).seen_at_us, 5'000);
  const auto event = reader_->plan_event(statements->at(0));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->id, statements->at(0).id);
  EXPECT_EQ(event->capture, filmed);
}

// In whatever order they arrive, and when the capture's time is stated anew.
TEST_F(ReaderTest, WhatWasSeenMovesWithItsCapture) {
  const EventId item = EventId::make();
  const CaptureId capture = CaptureId::make();
  auto progress = event("progress", capture);
  progress.mutable_progress()->set_plan_item(item.raw());
  progress.mutable_progress()->set_has_percentage(true);
  progress.mutable_progress()->set_percentage(40);
  archive_.add_event(project_, device_, progress);
  index(false);
  EXPECT_EQ(reader_->plan_statements(project_)->at(0).seen_at_us, progress.stated_at_us());
  EXPECT_FALSE(reader_->plan_statements(project_)->at(0).capture);
  for (const std::int64_t at_us : {7'000, 9'000}) {
    open_capture(capture, "photo", "", at_us);
    index(false);
    const auto statements = reader_->plan_statements(project_);
    ASSERT_EQ(statements->size(), 1U);
    EXPECT_EQ(statements->at(0).seen_at_us, at_us);
    EXPECT_EQ(statements->at(0).capture, capture);
    EXPECT_EQ(statements->at(0).percentage, 40);
  }
}

TEST_F(ReaderTest, RequestsComeWithTheirStepsAndOpenOnesFirst) {
  const auto ask = [&](const std::string& text) {
    auto request = event("request", CaptureId::make());
    request.clear_capture_id();
    request.mutable_request()->set_text(text);
    archive_.add_event(project_, device_, request);
    return *EventId::from_bytes(request.event_id());
  };
  const auto step = [&](const std::string& kind, EventId request) {
    auto stated = event(kind, CaptureId::make());
    if (kind != "request.answered") stated.clear_capture_id();
    stated.mutable_request_step()->set_request_id(request.raw());
    archive_.add_event(project_, device_, stated);
  };
  const EventId closed = ask("屋面");
  const EventId answered = ask("地坪");
  const EventId open = ask("水泵房");
  step("request.closed", closed);
  step("request.accepted", answered);
  step("request.answered", answered);
  index(false);
  const auto ids = [](const Result<std::vector<RequestInfo>>& requests) {
    std::vector<EventId> found;
    EXPECT_TRUE(requests.ok());
    for (const RequestInfo& request : *requests) found.push_back(request.event.id);
    return found;
  };
  EXPECT_EQ(ids(reader_->requests(project_, false, 10)), (std::vector{open, answered}));
  EXPECT_EQ(ids(reader_->requests(project_, true, 10)), (std::vector{open, answered, closed}));
  EXPECT_EQ(ids(reader_->requests(project_, true, 1)), (std::vector{open}));
  EXPECT_TRUE(ids(reader_->requests(ProjectId::make(), true, 10)).empty());
  const auto one = reader_->request(project_, answered);
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one->steps.size(), 2U);
  EXPECT_EQ(one->steps[0].kind, "request.accepted");
  EXPECT_EQ(one->steps[1].kind, "request.answered");
  EXPECT_TRUE(one->steps[1].capture);
  EXPECT_FALSE(one->closed);
  EXPECT_TRUE(reader_->request(project_, closed)->closed);
  EXPECT_EQ(reader_->request(ProjectId::make(), open).error().kind(), ErrorKind::kNotFound);
}

// Nobody of another project can end a request by naming it.
TEST_F(ReaderTest, ARequestIsClosedOnlyWithinItsProject) {
  auto request = event("request", CaptureId::make());
  request.clear_capture_id();
  request.mutable_request()->set_text("屋面");
  archive_.add_event(project_, device_, request);
  auto closed = event("request.closed", CaptureId::make());
  closed.clear_capture_id();
  closed.mutable_request_step()->set_request_id(request.event_id());
  archive_.add_event(ProjectId::make(), device_, closed);
  index(false);
  const auto read = reader_->request(project_, *EventId::from_bytes(request.event_id()));
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->closed);
  EXPECT_TRUE(read->steps.empty());
}

TEST_F(ReaderTest, DirectionsAreTheNewestOfThoseThatCameSince) {
  const CaptureId capture = CaptureId::make();
  open_capture(capture, "walkthrough", "", 1'700'000'000'000'000);
  std::vector<EventId> said;
  for (int i = 0; i < 6; ++i) {
    auto one = event(i % 2 == 0 ? "pin" : "message", capture);
    if (i % 2 == 0) {
      one.mutable_pin()->set_x(0.5);
    } else {
      one.mutable_message()->set_text("往左");
      one.clear_capture_id();
    }
    archive_.add_event(project_, device_, one, 1'000 + i);
    said.push_back(*EventId::from_bytes(one.event_id()));
  }
  index(false);
  const auto ids = [&](std::int64_t from_us, std::uint32_t limit) {
    std::vector<EventId> found;
    const auto directions = reader_->directions(project_, from_us, limit);
    EXPECT_TRUE(directions.ok());
    for (const EventInfo& one : *directions) found.push_back(one.id);
    return found;
  };
  EXPECT_EQ(ids(0, 10), said);
  EXPECT_EQ(ids(1'003, 10), (std::vector{said[3], said[4], said[5]}));
  EXPECT_EQ(ids(0, 2), (std::vector{said[4], said[5]}));
  EXPECT_EQ(reader_->directions(project_, 0, 10)->front().capture, capture);
  EXPECT_FALSE(reader_->directions(project_, 0, 10)->at(1).capture);
}

}  // namespace
}  // namespace sitecast::hub
