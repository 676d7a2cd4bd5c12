// SPDX-License-Identifier: Apache-2.0
#include "hub/index/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "hub/index/current.h"
#include "hub/index/writer.h"
#include "proto/codec/part_frame.h"
#include "tests/support/archive_builder.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

// The rule of segment.h, straight from the list of archived parts.
struct Arrived {
  MadePart part;
  std::uint64_t offset = 0;
  bool live = false;
};

std::vector<Segment> expected_segments(const std::map<std::uint64_t, Arrived>& parts,
                                       std::optional<std::uint64_t> total) {
  std::vector<Segment> segments;
  std::uint64_t end = 0;
  for (const auto& [sequence, arrived] : parts) {
    const MadePart& part = arrived.part;
    if (part.starts_segment) {
      if (!segments.empty()) {
        segments.back().closed = true;
        segments.back().parts_missing = static_cast<std::uint32_t>(
            sequence - segments.back().first_sequence - segments.back().part_count);
      }
      Segment segment;
      segment.first_sequence = sequence;
      segment.media_time = part.media_time;
      segment.init_hash8 = part.init_hash8;
      segments.push_back(segment);
    }
    if (segments.empty()) continue;
    Segment& segment = segments.back();
    ++segment.part_count;
    segment.duration = part.media_time + part.duration - segment.media_time;
    segment.filled_later = segment.filled_later || !arrived.live;
    if (!segment.ranges.empty() &&
        segment.ranges.back().offset + segment.ranges.back().size_bytes == arrived.offset) {
      segment.ranges.back().size_bytes += part.media.size();
    } else {
      segment.ranges.push_back({arrived.offset, part.media.size()});
    }
    end = sequence + 1;
  }
  if (!segments.empty()) {
    segments.back().closed = total.has_value();
    segments.back().parts_missing = static_cast<std::uint32_t>(
        total.value_or(end) - segments.back().first_sequence - segments.back().part_count);
  }
  return segments;
}

std::string describe(const Segment& segment) {
  std::string text = fmt::format("n={} parts={} missing={} t={} d={} init={} filled={} closed={}",
                                 segment.first_sequence, segment.part_count, segment.parts_missing,
                                 segment.media_time, segment.duration, segment.init_hash8.size(),
                                 segment.filled_later, segment.closed);
  for (const MediaRange& range : segment.ranges) {
    text += fmt::format(" {}+{}", range.offset, range.size_bytes);
  }
  return text;
}

std::vector<std::string> described(const std::vector<Segment>& segments) {
  std::vector<std::string> texts;
  for (const Segment& segment : segments) texts.push_back(describe(segment));
  return texts;
}

class ReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto path = new_index_path(layout_);
    ASSERT_TRUE(path.ok());
    auto writer = IndexWriter::open(*path, layout_, Log("test"));
    ASSERT_TRUE(writer.ok());
    writer_ = std::move(*writer);
    ASSERT_TRUE(switch_index(layout_, *path).ok());
    auto reader = IndexReader::open(dir_.path());
    ASSERT_TRUE(reader.ok());
    reader_ = std::move(*reader);
  }

  void index(bool everything, std::int64_t now_us = 0) {
    const auto changes = writer_->apply(archive_.work(), now_us, everything);
    ASSERT_TRUE(changes.ok()) << changes.error().message();
  }

  v1::Event event(std::string kind, CaptureId capture) {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind(std::move(kind));
    event.set_stated_at_us(1'700'000'000'000'000 + ++stated_);
    event.set_capture_id(capture.raw());
    return event;
  }

  void open_capture(CaptureId capture, std::string kind, std::string area, std::int64_t at_us) {
    auto opened = event("capture.opened", capture);
    opened.set_area(std::move(area));
    opened.mutable_capture_opened()->set_capture_kind(std::move(kind));
    opened.mutable_capture_opened()->set_captured_at_us(at_us);
    archive_.add_event(project_, device_, opened);
  }

  void close_capture(CaptureId capture, const std::string& track, std::uint64_t parts) {
    auto closed = event("capture.closed", capture);
    auto* end = closed.mutable_capture_closed()->add_tracks();
    end->set_track(track);
    end->set_part_count(parts);
    archive_.add_event(project_, device_, closed);
  }

  TempDir dir_;
  Layout layout_{dir_.path()};
  ArchiveBuilder archive_{layout_};
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  std::unique_ptr<IndexWriter> writer_;
  std::unique_ptr<IndexReader> reader_;
  std::int64_t stated_ = 0;
};

TEST_F(ReaderTest, SegmentsEqualBruteForceAtEveryStageOfIndexing) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    const CaptureId capture = CaptureId::make();
    TrackOptions options;
    options.part_bytes = 40;
    options.part_duration = 90'000 / 4;  // 240 parts a minute
    options.parts_per_segment = 8;
    TrackMaker maker(capture, "video", SigningKey::generate(), options);
    constexpr std::uint64_t kParts = 900;
    std::vector<std::pair<MadePart, bool>> arrivals;
    std::vector<std::pair<MadePart, bool>> late;
    for (std::uint64_t i = 0; i < kParts; ++i) {
      MadePart part = maker.next(i + 1 == kParts);
      if (random() % 50 == 0) maker.skip_time(500'000);
      // Some parts come later by fill, some never.
      if (const auto dice = random() % 20; dice == 0)
        late.emplace_back(std::move(part), false);
      else if (dice != 1)
        arrivals.emplace_back(std::move(part), true);
    }
    std::shuffle(late.begin(), late.end(), random);
    for (auto& fill : late) {
      const auto at = static_cast<std::ptrdiff_t>(random() % (arrivals.size() + 1));
      arrivals.insert(arrivals.begin() + at, std::move(fill));
    }

    std::map<std::uint64_t, Arrived> parts;
    std::uint64_t offset = 0;
    std::int64_t now_us = 1'000'000;
    std::optional<std::uint64_t> total;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      const auto& [part, live] = arrivals[i];
      archive_.add_part(project_, device_, maker, part, live);
      parts[part.sequence] = {part, offset, live};
      offset += part.media.size();
      if (part.last) total = part.sequence + 1;
      now_us += 250'000;
      if (random() % 4 == 0) index(random() % 8 == 0, now_us);
      if (i == 0) index(false, now_us);
      if (random() % 60 != 0 && i + 1 != arrivals.size()) continue;

      const auto expected = expected_segments(parts, total);
      const auto all = reader_->segments(capture, "video", 0, UINT64_MAX);
      ASSERT_TRUE(all.ok()) << all.error().message();
      ASSERT_EQ(described(*all), described(expected)) << "after " << i;

      const std::uint64_t from = random() % 25'000'000;
      const std::uint64_t until = from + random() % 12'000'000;
      std::vector<Segment> overlapping;
      for (const Segment& segment : expected) {
        if (segment.media_time < until && segment.media_time + segment.duration > from) {
          overlapping.push_back(segment);
        }
      }
      const auto some = reader_->segments(capture, "video", from, until);
      ASSERT_TRUE(some.ok());
      ASSERT_EQ(described(*some), described(overlapping)) << from << " to " << until;
      if (!expected.empty()) {
        const Segment& wanted = expected[random() % expected.size()];
        const auto one = reader_->segment(capture, "video", wanted.first_sequence);
        ASSERT_TRUE(one.ok()) << one.error().message() << describe(wanted);
        EXPECT_EQ(describe(*one), describe(wanted));
      }
      const auto tracks = reader_->tracks(capture);
      ASSERT_TRUE(tracks.ok() && tracks->size() == 1);
      EXPECT_EQ(tracks->front().part_count, parts.size());
      EXPECT_EQ(tracks->front().size_bytes, offset);
    }
  }
}

TEST_F(ReaderTest, NewPartsAreSeenBeforeTheIndexHasThem) {
  const CaptureId capture = CaptureId::make();
  TrackMaker maker(capture, "audio", SigningKey::generate());
  archive_.add_part(project_, device_, maker, maker.next(), true);
  index(false);
  for (int i = 0; i < 9; ++i) archive_.add_part(project_, device_, maker, maker.next(), true);
  const auto segments = reader_->segments(capture, "audio", 0, UINT64_MAX);
  ASSERT_TRUE(segments.ok());
  ASSERT_EQ(segments->size(), 2U);
  EXPECT_TRUE(segments->front().closed);
  EXPECT_FALSE(segments->back().closed);
  const auto tracks = reader_->tracks(capture);
  ASSERT_TRUE(tracks.ok());
  EXPECT_EQ(tracks->front().codec, "opus");
  EXPECT_EQ(tracks->front().timescale, 48'000U);
  const auto init = reader_->init_segment(capture, "audio", segments->back().init_hash8);
  ASSERT_TRUE(init.ok());
  EXPECT_EQ(init_hash8(*init), segments->back().init_hash8);
}

TEST_F(ReaderTest, FileTrackIsOneSegmentAndMakesTheCaptureComplete) {
  const CaptureId capture = CaptureId::make();
  open_capture(capture, "photo", "", 1'700'000'000'000'000);
  TrackOptions options;
  options.part_bytes = 64 * 1024;
  options.file_size_bytes = 3 * 64 * 1024;
  TrackMaker maker(capture, "image", SigningKey::generate(), options);
  std::vector<MadePart> parts;
  for (int i = 0; i < 3; ++i) parts.push_back(maker.next(i == 2));
  close_capture(capture, "image", 3);
  archive_.add_part(project_, device_, maker, parts[1], false);
  archive_.add_part(project_, device_, maker, parts[2], false);
  index(false);
  EXPECT_FALSE(reader_->capture(capture)->complete);
  EXPECT_TRUE(reader_->capture(capture)->closed);
  archive_.add_part(project_, device_, maker, parts[0], false);
  const auto changes = writer_->apply(archive_.work(), 0, false);
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->whole_tracks.size(), 1U);
  ASSERT_EQ(changes->closed_captures.size(), 1U);
  EXPECT_TRUE(reader_->capture(capture)->complete);
  const auto segments = reader_->segments(capture, "image", 0, UINT64_MAX);
  ASSERT_TRUE(segments.ok());
  ASSERT_EQ(segments->size(), 1U);
  EXPECT_EQ(segments->front().parts_missing, 0U);
  ASSERT_EQ(segments->front().ranges.size(), 2U);
  EXPECT_EQ(segments->front().ranges[0].offset, 2U * 64 * 1024);
  EXPECT_EQ(segments->front().ranges[1].size_bytes, 2U * 64 * 1024);
  EXPECT_EQ(reader_->tracks(capture)->front().file_name, "photo.jpg");
}

TEST_F(ReaderTest, TimelineEqualsBruteForceWithFiltersAndCursor) {
  std::mt19937_64 random(11);
  struct Entry {
    std::int64_t at_us;
    CaptureId id;
    std::string kind, area;
  };
  std::vector<Entry> entries;
  const std::vector<std::string> kinds{"walkthrough", "photo", "document"};
  const std::vector<std::string> areas{"", "1号车间", "办公楼"};
  for (int i = 0; i < 300; ++i) {
    entries.push_back({1'700'000'000'000'000 + static_cast<std::int64_t>(random() % 100),
                       CaptureId::make(), kinds[random() % 3], areas[random() % 3]});
    open_capture(entries.back().id, entries.back().kind, entries.back().area, entries.back().at_us);
  }
  index(false);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.at_us, a.id) > std::tie(b.at_us, b.id);
  });
  for (const std::string& kind : {std::string(), kinds[0], kinds[1]}) {
    for (const std::string& area : {std::string(), areas[1], areas[2]}) {
      std::vector<CaptureId> expected;
      for (const Entry& entry : entries) {
        if ((kind.empty() || entry.kind == kind) && (area.empty() || entry.area == area) &&
            entry.at_us >= 1'700'000'000'000'020) {
          expected.push_back(entry.id);
        }
      }
      std::vector<CaptureId> paged;
      TimelineQuery query;
      query.project = project_;
      query.limit = 7;
      query.capture_kind = kind;
      query.area = area;
      query.from_us = 1'700'000'000'000'020;
      for (;;) {
        const auto page = reader_->timeline(query);
        ASSERT_TRUE(page.ok());
        if (page->empty()) break;
        for (const CaptureInfo& info : *page) paged.push_back(info.id);
        query.before_us = page->back().captured_at_us;
        query.before_capture = page->back().id;
      }
      EXPECT_EQ(paged, expected) << kind << "/" << area;
    }
  }
  TimelineQuery elsewhere;
  elsewhere.project = ProjectId::make();
  EXPECT_TRUE(reader_->timeline(elsewhere)->empty());
}

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

TEST_F(ReaderTest, TracksOfOneInitSegmentShareIt) {
  const CaptureId capture = CaptureId::make();
  for (const char* name : {"video", "master"}) {
    TrackMaker maker(capture, name, SigningKey::generate());
    const MadePart part = maker.next();
    archive_.add_part(project_, device_, maker, part, true);
    index(true);
    const auto init = reader_->init_segment(capture, name, part.init_hash8);
    ASSERT_TRUE(init.ok()) << name;
    EXPECT_EQ(init_hash8(*init), part.init_hash8);
  }
  EXPECT_EQ(reader_->init_segment(capture, "master", "unknown!").error().kind(),
            ErrorKind::kNotFound);
}

TEST_F(ReaderTest, AHeldViewIsOneStateOfTheIndex) {
  const CaptureId first = CaptureId::make();
  const CaptureId second = CaptureId::make();
  open_capture(first, "photo", "", 1'700'000'000'000'000);
  index(true);
  {
    const auto view = ReadView::of(*reader_);
    ASSERT_TRUE(view.ok());
    EXPECT_TRUE(reader_->capture(first).ok());
    open_capture(second, "photo", "", 1'700'000'000'000'001);
    index(true);
    EXPECT_FALSE(reader_->capture(second).ok());
    TimelineQuery query;
    query.project = project_;
    EXPECT_EQ(reader_->timeline(query)->size(), 1U);
  }
  EXPECT_TRUE(reader_->capture(second).ok());
  const auto again = ReadView::of(*reader_);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(reader_->capture(second).ok());
}

TEST_F(ReaderTest, ACapturesProjectIsKnownByItsOpeningOrByItsTracks) {
  const CaptureId opened = CaptureId::make();
  open_capture(opened, "walkthrough", "", 1'700'000'000'000'000);
  const CaptureId filmed = CaptureId::make();
  TrackMaker maker(filmed, "audio", SigningKey::generate());
  archive_.add_part(project_, device_, maker, maker.next(), true);
  index(true);
  EXPECT_EQ(*reader_->project_of(opened), project_);
  EXPECT_EQ(*reader_->project_of(filmed), project_);
  EXPECT_TRUE(reader_->tracks(opened)->empty());
  EXPECT_EQ(reader_->project_of(CaptureId::make()).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(reader_->tracks(CaptureId::make()).error().kind(), ErrorKind::kNotFound);
}

// Whenever the closing comes: before the track, after it, or once more.
TEST_F(ReaderTest, ATracksLengthIsWhatTheLatestClosingStates) {
  const CaptureId capture = CaptureId::make();
  open_capture(capture, "walkthrough", "", 1'700'000'000'000'000);
  close_capture(capture, "audio", 3);
  index(true);
  TrackMaker maker(capture, "audio", SigningKey::generate());
  archive_.add_part(project_, device_, maker, maker.next(), true);
  EXPECT_EQ(reader_->tracks(capture)->size(), 0U);
  EXPECT_EQ(reader_->segments(capture, "audio", 0, UINT64_MAX)->front().parts_missing, 2U);
  index(true);
  EXPECT_EQ(reader_->tracks(capture)->front().part_count_total, 3U);
  EXPECT_EQ(reader_->segments(capture, "audio", 0, UINT64_MAX)->front().parts_missing, 2U);
  close_capture(capture, "audio", 1);
  index(true);
  EXPECT_EQ(reader_->tracks(capture)->front().part_count_total, 1U);
  const auto segment = reader_->segment(capture, "audio", 0);
  EXPECT_TRUE(segment->closed);
  EXPECT_EQ(segment->parts_missing, 0U);
  EXPECT_TRUE(reader_->capture(capture)->complete);
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
  EXPECT_EQ(statements->at(0).event.capture, filmed);
  EXPECT_EQ(statements->at(0).seen_at_us, 900);
  EXPECT_FALSE(statements->at(1).event.capture);
  EXPECT_EQ(statements->at(1).seen_at_us, 5'000);
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

TEST_F(ReaderTest, WorksWithoutAWriterAndFollowsASwitch) {
  const CaptureId first = CaptureId::make();
  open_capture(first, "photo", "", 1'700'000'000'000'000);
  index(true);
  writer_.reset();
  auto alone = IndexReader::open(dir_.path());
  ASSERT_TRUE(alone.ok());
  EXPECT_TRUE((*alone)->capture(first).ok());

  const CaptureId second = CaptureId::make();
  open_capture(second, "photo", "", 1'700'000'000'000'001);
  const auto path = new_index_path(layout_);
  ASSERT_TRUE(path.ok());
  ASSERT_TRUE(build_index(layout_, *path, Log("test")).ok());
  EXPECT_FALSE((*alone)->capture(second).ok());
  ASSERT_TRUE(switch_index(layout_, *path).ok());
  EXPECT_TRUE((*alone)->capture(second).ok());
  EXPECT_TRUE((*alone)->capture(first).ok());
}

TEST_F(ReaderTest, UnknownThingsAreNotFound) {
  EXPECT_EQ(reader_->capture(CaptureId::make()).error().kind(), ErrorKind::kNotFound);
  const CaptureId capture = CaptureId::make();
  open_capture(capture, "walkthrough", "", 1'700'000'000'000'000);
  index(false);
  EXPECT_EQ(reader_->segments(capture, "video", 0, 1).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(reader_->segments(capture, "../x", 0, 1).error().kind(), ErrorKind::kNotFound);
  const TempDir empty;
  EXPECT_EQ(IndexReader::open(empty.path()).error().kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace sitecast::hub
