// SPDX-License-Identifier: Apache-2.0
#include "hub/index/projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "hub/index/cells.h"
#include "hub/index/current.h"
#include "hub/index/dump.h"
#include "hub/index/writer.h"
#include "proto/sqlite/database.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

struct Stated {
  v1::Event event;
  DeviceId device;
  std::int64_t received_at_us = 0;
};

class EventMaker {
 public:
  explicit EventMaker(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 5; ++i) captures_.push_back(CaptureId::make());
    for (int i = 0; i < 4; ++i) items_.push_back(EventId::make());
    for (int i = 0; i < 3; ++i) requests_.push_back(EventId::make());
  }

  std::vector<Stated> make(std::size_t count) {
    std::vector<Stated> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(one());
    return all;
  }

 private:
  Stated one() {
    Stated stated;
    v1::Event& event = stated.event;
    event.set_event_id(EventId::make().raw());
    event.set_stated_at_us(1'700'000'000'000'000 + static_cast<std::int64_t>(random_() % 20));
    stated.device = random_() % 2 == 0 ? one_ : other_;
    stated.received_at_us = 1'700'000'500'000'000 + static_cast<std::int64_t>(random_() % 1000);
    event.set_capture_id(captures_[random_() % captures_.size()].raw());
    switch (random_() % 14) {
      case 0: {
        event.set_kind("capture.opened");
        event.mutable_capture_opened()->set_capture_kind(random_() % 2 == 0 ? "walkthrough"
                                                                            : "photo");
        event.mutable_capture_opened()->set_captured_at_us(
            1'700'000'000'000'000 + static_cast<std::int64_t>(random_() % 1000));
        event.set_area("area " + std::to_string(random_() % 3));
        break;
      }
      case 1: {
        event.set_kind("capture.closed");
        auto* end = event.mutable_capture_closed()->add_tracks();
        end->set_track("video");
        end->set_part_count(random_() % 3);
        break;
      }
      case 2:
        event.set_kind("note");
        event.mutable_note()->set_text("基础已完成");
        break;
      case 3:
        event.set_kind("progress");
        event.mutable_progress()->set_stage("stage " + std::to_string(random_() % 5));
        event.mutable_progress()->set_has_percentage(random_() % 2 == 0);
        event.mutable_progress()->set_percentage(static_cast<double>(random_() % 100));
        break;
      case 4:
        event.set_kind("quality");
        event.mutable_quality()->set_warning(random_() % 2 == 0 ? "too_dark" : "blurred");
        event.mutable_quality()->set_active(random_() % 2 == 0);
        break;
      case 8: {
        event.clear_capture_id();
        event.set_kind("plan.baselined");
        event.mutable_plan_baselined()->set_number(1 + static_cast<std::uint32_t>(random_() % 3));
        event.mutable_plan_baselined()->add_part_events(EventId::make().raw());
        break;
      }
      case 9:
        event.set_kind("progress");
        event.mutable_progress()->set_has_percentage(true);
        event.mutable_progress()->set_percentage(static_cast<double>(random_() % 100));
        event.mutable_progress()->set_plan_item(items_[random_() % items_.size()].raw());
        break;
      case 10:
        event.set_kind("milestone.confirmed");
        event.mutable_milestone()->set_plan_item(items_[random_() % items_.size()].raw());
        break;
      case 11: {
        // The first few are of known ids, so that steps find them, before or after.
        event.clear_capture_id();
        event.set_kind("request");
        if (!requests_.empty()) {
          event.set_event_id(requests_.back().raw());
          asked_.push_back(requests_.back());
          requests_.pop_back();
        }
        event.mutable_request()->set_text("请拍一下");
        if (random_() % 2 == 0) event.mutable_request()->set_device_id(one_.raw());
        break;
      }
      case 12: {
        constexpr std::array kSteps = {"request.accepted", "request.answered", "request.closed"};
        event.set_kind(kSteps[random_() % kSteps.size()]);
        const auto& known = asked_.empty() || random_() % 2 == 0 ? requests_ : asked_;
        event.mutable_request_step()->set_request_id(
            known.empty() ? EventId::make().raw() : known[random_() % known.size()].raw());
        break;
      }
      case 13:
        event.set_kind("pin");
        event.set_has_media_time(true);
        event.mutable_pin()->set_x(0.5);
        break;
      case 5:
        event.clear_capture_id();
        event.set_kind("project.stated");
        event.mutable_project()->set_name("project " + std::to_string(random_() % 100));
        break;
      case 6:
        event.clear_capture_id();
        event.set_kind(random_() % 2 == 0 ? "member.added" : "member.removed");
        event.mutable_member()->set_user("user" + std::to_string(random_() % 3));
        event.mutable_member()->set_role(random_() % 2 == 0 ? "owner" : "agent");
        break;
      default: event.set_kind("thing.unknown"); break;
    }
    return stated;
  }

  std::mt19937_64 random_;
  std::vector<CaptureId> captures_;
  std::vector<EventId> items_;
  std::vector<EventId> requests_, asked_;  // not stated yet, stated
  DeviceId one_ = DeviceId::make();
  DeviceId other_ = DeviceId::make();
};

// `in_any_order`: without what the order of the log decides.
std::vector<std::string> dump(const std::filesystem::path& index, bool in_any_order = false) {
  std::vector<std::string> lines;
  const auto status = dump_index(index, [&](std::string_view line) {
    if (in_any_order && (line.starts_with("log_position|") || line.starts_with("member|"))) return;
    lines.emplace_back(line);
  });
  EXPECT_TRUE(status.ok());
  return lines;
}

// The index of these events, logged in this order and applied in random steps.
std::vector<std::string> indexed(const std::vector<Stated>& events, ProjectId project,
                                 std::mt19937_64& random) {
  const TempDir dir;
  const Layout layout(dir.path());
  ArchiveBuilder archive(layout);
  const auto path = *new_index_path(layout);
  auto writer = IndexWriter::open(path, layout, Log("test"));
  EXPECT_TRUE(writer.ok());
  for (const Stated& stated : events) {
    archive.add_event(project, stated.device, stated.event, stated.received_at_us);
    if (random() % 10 != 0) continue;
    EXPECT_TRUE((*writer)->apply(archive.work(), 0, false).ok());
  }
  EXPECT_TRUE((*writer)->apply(archive.work(), 0, true).ok());
  return dump(path, true);
}

TEST(ProjectionTest, OrderAndRepetitionDoNotMatter) {
  std::mt19937_64 random(21);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const ProjectId project = ProjectId::make();
    auto events = EventMaker(seed).make(120);
    const auto expected = indexed(events, project, random);
    ASSERT_GT(expected.size(), 120U);
    for (int round = 0; round < 3; ++round) {
      auto shuffled = events;
      for (int repeat = 0; repeat < 40; ++repeat) {
        Stated again = events[random() % events.size()];
        again.received_at_us += static_cast<std::int64_t>(random() % 1000);
        shuffled.push_back(again);
      }
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      EXPECT_EQ(indexed(shuffled, project, random), expected);
    }
  }
}

// Also when the clock that states it was set back in between.
TEST(ProjectionTest, MembershipFollowsTheLogAndNotTheClock) {
  const TempDir dir;
  const Layout layout(dir.path());
  ArchiveBuilder archive(layout);
  const auto grown = *new_index_path(layout);
  auto writer = IndexWriter::open(grown, layout, Log("test"));
  ASSERT_TRUE(writer.ok());
  const ProjectId project = ProjectId::make();
  std::int64_t clock_us = 1'700'000'000'000'000;
  std::vector<v1::Event> said;
  const auto say = [&](const std::string& kind, const std::string& role) {
    clock_us -= 60'000'000;
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(kind);
    event.set_stated_at_us(clock_us);
    event.mutable_member()->set_user("owner");
    event.mutable_member()->set_role(role);
    archive.add_event(project, DeviceId(), event, clock_us);
    ASSERT_TRUE((*writer)->apply(archive.work(), 0, true).ok());
    said.push_back(event);
  };
  const auto role = [&](const std::filesystem::path& index) {
    auto database = Database::open_reader(index);
    EXPECT_TRUE(database.ok());
    auto select = database->prepare("select role from member where user = 'owner'");
    EXPECT_TRUE(select.ok());
    const auto row = select->step();
    EXPECT_TRUE(row.ok() && *row);
    return select->text(0);
  };
  say("member.added", "owner");
  EXPECT_EQ(role(grown), "owner");
  say("member.removed", "");
  EXPECT_EQ(role(grown), "");
  say("member.added", "agent");
  EXPECT_EQ(role(grown), "agent");
  say("member.removed", "");
  // What is in the log twice was said when it came first.
  archive.add_event(project, DeviceId(), said[2], clock_us);
  ASSERT_TRUE((*writer)->apply(archive.work(), 0, true).ok());
  EXPECT_EQ(role(grown), "");
  const auto built = *new_index_path(layout);
  ASSERT_TRUE(build_index(layout, built, Log("test")).ok());
  EXPECT_EQ(role(built), "");
  EXPECT_EQ(dump(grown), dump(built));
}

TEST(ProjectionTest, IndexGrownInStepsEqualsOneBuiltFromFiles) {
  std::mt19937_64 random(22);
  const TempDir dir;
  const Layout layout(dir.path());
  ArchiveBuilder archive(layout);
  const auto grown = *new_index_path(layout);
  auto writer = IndexWriter::open(grown, layout, Log("test"));
  ASSERT_TRUE(writer.ok());
  const ProjectId project = ProjectId::make();
  const DeviceId device = DeviceId::make();

  std::vector<TrackMaker> makers;
  std::vector<std::vector<MadePart>> waiting;
  for (int c = 0; c < 6; ++c) {
    const CaptureId capture = CaptureId::make();
    for (const char* track : {"video", "audio", "talk.1"}) {
      TrackOptions options;
      options.part_duration = 20'000;
      options.part_bytes = 30;
      options.seed = random();
      makers.emplace_back(capture, track, SigningKey::generate(), options);
      waiting.emplace_back();
    }
    v1::Event opened;
    opened.set_event_id(EventId::make().raw());
    opened.set_kind("capture.opened");
    opened.set_capture_id(capture.raw());
    opened.mutable_capture_opened()->set_capture_kind("walkthrough");
    if (c % 2 == 0) archive.add_event(project, device, opened);
  }
  std::int64_t now_us = 1;
  for (int step = 0; step < 4000; ++step) {
    const std::size_t track = random() % makers.size();
    MadePart part = makers[track].next(step > 3800);
    if (random() % 10 == 0) {
      waiting[track].push_back(std::move(part));
    } else {
      archive.add_part(project, device, makers[track], part, true);
    }
    if (random() % 12 == 0 && !waiting[track].empty()) {
      archive.add_part(project, device, makers[track], waiting[track].back(), false);
      waiting[track].pop_back();
    }
    now_us += 100'000;
    if (random() % 20 == 0) {
      ASSERT_TRUE((*writer)->apply(archive.work(), now_us, random() % 30 == 0).ok());
    }
    // A crash: what was not written is read again.
    if (random() % 300 == 0) {
      writer->reset();
      writer = IndexWriter::open(grown, layout, Log("test"));
      ASSERT_TRUE(writer.ok());
    }
  }
  ASSERT_TRUE((*writer)->apply(archive.work(), now_us, true).ok());
  const auto built = *new_index_path(layout);
  ASSERT_TRUE(build_index(layout, built, Log("test")).ok());
  EXPECT_EQ(dump(grown), dump(built));
}

// Parts that only the hub holds, because the device lost them with its power after sending them
// live.
TEST(ProjectionTest, HolesBehindTheStatedEndDoNotKeepACaptureFromBeingComplete) {
  const TempDir dir;
  const Layout layout(dir.path());
  ArchiveBuilder archive(layout);
  const auto path = *new_index_path(layout);
  auto writer = IndexWriter::open(path, layout, Log("test"));
  ASSERT_TRUE(writer.ok());
  const ProjectId project = ProjectId::make();
  const DeviceId device = DeviceId::make();
  const auto is_complete = [&] {
    EXPECT_TRUE((*writer)->apply(archive.work(), 0, true).ok());
    auto database = Database::open_reader(path);
    EXPECT_TRUE(database.ok());
    auto select = database->cached("select complete from capture");
    EXPECT_TRUE(select.ok() && *(*select)->step());
    const bool complete = (*select)->integer(0) == 1;
    (*select)->reset();
    return complete;
  };

  TrackMaker video(CaptureId::make(), "video", SigningKey::generate());
  std::vector<MadePart> parts;
  for (int i = 0; i < 16; ++i) {
    parts.push_back(video.next());
    video.skip_time(row_span(TrackKind::kVideo) / 10);  // over two rows
  }
  for (const std::size_t i : {0U, 1U, 2U, 4U, 5U, 6U, 7U, 8U, 10U, 11U, 14U}) {
    archive.add_part(project, device, video, parts[i], true);
  }
  v1::Event closed;
  closed.set_event_id(EventId::make().raw());
  closed.set_kind("capture.closed");
  closed.set_capture_id(video.capture().raw());
  auto* end = closed.mutable_capture_closed()->add_tracks();
  end->set_track("video");
  end->set_part_count(9);
  archive.add_event(project, device, closed);
  EXPECT_FALSE(is_complete()) << "part 3 is still on the device";
  archive.add_part(project, device, video, parts[3], false);
  EXPECT_TRUE(is_complete());
}

TEST(ProjectionTest, WhatTheDeviceGaveUpAtATracksEndDoesNotKeepACaptureFromBeingComplete) {
  const TempDir dir;
  const Layout layout(dir.path());
  ArchiveBuilder archive(layout);
  const auto path = *new_index_path(layout);
  auto writer = IndexWriter::open(path, layout, Log("test"));
  ASSERT_TRUE(writer.ok());
  const ProjectId project = ProjectId::make();
  const DeviceId device = DeviceId::make();
  const auto is_complete = [&] {
    EXPECT_TRUE((*writer)->apply(archive.work(), 0, true).ok());
    auto database = Database::open_reader(path);
    EXPECT_TRUE(database.ok());
    auto select = database->cached("select complete from capture");
    EXPECT_TRUE(select.ok() && *(*select)->step());
    const bool complete = (*select)->integer(0) == 1;
    (*select)->reset();
    return complete;
  };
  TrackMaker master(CaptureId::make(), "master", SigningKey::generate());
  archive.add_part(project, device, master, master.next(), false);
  archive.add_part(project, device, master, master.next(), false);
  v1::Event closed;
  closed.set_event_id(EventId::make().raw());
  closed.set_kind("capture.closed");
  closed.set_capture_id(master.capture().raw());
  auto* end = closed.mutable_capture_closed()->add_tracks();
  end->set_track("master");
  end->set_part_count(9);
  archive.add_event(project, device, closed);
  const auto give_up = [&](std::uint64_t first, std::uint64_t count) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind("gap");
    event.set_capture_id(master.capture().raw());
    v1::Gap& gap = *event.mutable_gap();
    gap.set_track("master");
    gap.set_from_us(static_cast<std::int64_t>(first));
    gap.set_until_us(static_cast<std::int64_t>(first + count));
    gap.set_reason("thinned_disk_full");
    gap.set_first_part(first);
    gap.set_part_count(count);
    archive.add_event(project, device, event);
  };
  give_up(3, 2);
  EXPECT_FALSE(is_complete()) << "parts 2 and 5 to 8 are still on the device";
  give_up(5, 4);
  EXPECT_FALSE(is_complete()) << "part 2 is";
  archive.add_part(project, device, master, master.next(), false);
  EXPECT_TRUE(is_complete());
}

}  // namespace
}  // namespace sitecast::hub
