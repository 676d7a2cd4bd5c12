// SPDX-License-Identifier: Apache-2.0
#include "hub/index/dump.h"

#include <algorithm>
#include <map>

#include "hub/index/dump.h"
#include "proto/codec/part_frame.h"
#include "tests/unit/hub/reader_fixture.h"

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

TEST_F(ReaderTest, AnEventThatTheTablesRefuseIsPassedOverAndKeepsNothingElseOut) {
  const auto capture = CaptureId::make();
  const auto note = [&] {
    auto said = event("note", capture);
    said.mutable_note()->set_text("said");
    return said;
  };
  open_capture(capture, "walkthrough", "", 1'700'000'000'000'000);
  archive_.add_event(project_, device_, note());
  auto refused = event("plan.baselined", capture);  // no such number passes the hub's door
  refused.clear_capture_id();
  refused.mutable_plan_baselined()->set_number(0);
  archive_.add_event(project_, device_, refused);
  archive_.add_event(project_, device_, note());
  const auto other = ProjectId::make();
  auto theirs = note();
  theirs.clear_capture_id();
  archive_.add_event(other, device_, theirs);
  const auto changes = writer_->apply(archive_.work(), 0, false);
  ASSERT_TRUE(changes.ok()) << changes.error().message();
  EXPECT_EQ(changes->events.size(), 4U);  // each once
  EXPECT_EQ(writer_->passed_over(), 1U);
  const auto lines = [](const std::filesystem::path& path) {
    std::vector<std::string> all;
    EXPECT_TRUE(dump_index(path, [&](std::string_view line) { all.emplace_back(line); }).ok());
    return all;
  };
  const auto grown = lines(*current_index(layout_));
  EXPECT_EQ(std::count_if(grown.begin(), grown.end(),
                          [](const std::string& line) { return line.starts_with("event|"); }),
            4);  // nothing of it is kept

  index(false);
  archive_.add_event(project_, device_, note());
  index(false);
  EXPECT_EQ(writer_->passed_over(), 1U) << "what is behind it is not read again";
  const auto again = dir_.path() / "again.db";
  const auto counts = build_index(layout_, again, Log("test"));
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->passed_over, 1U);
  EXPECT_TRUE(counts->damaged.empty());
  EXPECT_EQ(lines(*current_index(layout_)), lines(again));
}

}  // namespace
}  // namespace sitecast::hub
