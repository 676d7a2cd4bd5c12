// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/hls_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"
#include "tests/support/hls_rules.h"
#include "tests/support/media_samples.h"
#include "tests/support/sanitized.h"
#include "tests/support/time_units.h"
#include "tests/support/trials.h"
#include "viewer/gateway/live/hls_live.h"

namespace sitecast::gateway {
namespace {

using test::HlsRules;
using test::kSecond;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::int64_t kCapturedUs = 1'700'000'000'250'000;
const CaptureId kWalk = *CaptureId::parse("AaIQtPyxcAaCyEXGK_ydnA");

struct Line {
  std::uint64_t sequence = 0;
  std::uint64_t media_time = 0;
  std::uint32_t duration = 3000;
  bool init = false;
};

std::shared_ptr<const LivePart> made(std::string_view track, const Line& line, const Bytes& init) {
  v1::PartEnvelope envelope;
  envelope.set_sequence(line.sequence);
  envelope.set_media_time(line.media_time);
  envelope.set_duration(line.duration);
  envelope.set_key_frame(line.init);
  envelope.set_init_hash8(init_hash8(init));
  if (line.init) envelope.set_init_segment(to_string(ByteView(init)));
  const std::string media = std::string(track) + std::to_string(line.sequence) + ";";
  const auto bytes = std::make_shared<const Bytes>(
      make_part_frame(as_bytes(envelope.SerializeAsString()), {}, as_bytes(media)));
  return *make_live_part(track, *bytes, bytes);
}

// One that holds `frame`, whatever it says of its times.
std::shared_ptr<const LivePart> heavy(const Line& line, const Bytes& init, ByteView frame) {
  auto part = std::make_shared<LivePart>(*made("video", line, init));
  part->frame = frame;
  return part;
}

std::string media_of(const HlsWindow::Parts& parts) {
  std::string media;
  for (const auto& kept : parts) media += as_text(kept.part->media);
  return media;
}

// 30 pictures a second, a key frame every 2 s, 90 kHz as the muxer writes it.
class HlsWindowTest : public testing::Test {
 protected:
  void film(std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i) window_.add(picture(i));
  }
  std::shared_ptr<const LivePart> picture(std::uint64_t i) {
    return made("video", {i, i * tick_, tick_, i % 60 == 0}, init_);
  }
  std::vector<std::string> broken(bool skip = false) { return rules_.take(window_.text(skip, {})); }

  const Bytes init_ = example_video_init();
  const std::uint32_t tick_ = read_init(init_)->timescale / 30;
  HlsWindow window_{kWalk, "video", kCapturedUs, true};
  HlsRules rules_;
};

TEST_F(HlsWindowTest, NamesPartsAsTheyComeAndTheirSegmentOnceItIsWhole) {
  film(0, 62);
  EXPECT_THAT(broken(), testing::IsEmpty());
  const auto text = window_.text(false, {});
  EXPECT_THAT(text, StartsWith("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"
                               "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,"
                               "PART-HOLD-BACK=0.90000\n#EXT-X-PART-INF:PART-TARGET=0.30000\n"
                               "#EXT-X-MEDIA-SEQUENCE:0\n"));
  EXPECT_THAT(text, HasSubstr("#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.250Z\n"
                              "#EXT-X-PART:DURATION=0.30000,URI=\"/segments/AaIQtPyxcAaCyEXGK_"
                              "ydnA/video/live/0.m4s\",INDEPENDENT=YES\n"
                              "#EXT-X-PART:DURATION=0.30000,URI=\"/segments/AaIQtPyxcAaCyEXGK_"
                              "ydnA/video/live/9.m4s\"\n"));
  EXPECT_THAT(text, HasSubstr("#EXTINF:2.00000,\n/segments/AaIQtPyxcAaCyEXGK_ydnA/video/live/"
                              "0-59.m4s\n"));
  EXPECT_THAT(text, HasSubstr("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"/segments/"
                              "AaIQtPyxcAaCyEXGK_ydnA/video/live/60.m4s\"\n"));
  ASSERT_NE(window_.hls_part(9), nullptr);
  EXPECT_EQ(media_of(*window_.hls_part(9)),
            "video9;video10;video11;video12;video13;video14;video15;video16;video17;");
  EXPECT_THAT(window_.segment(0, 59), SizeIs(60));
  EXPECT_THAT(window_.segment(0, 58), SizeIs(0));
  EXPECT_EQ(window_.next_part(), 60U);
}

TEST_F(HlsWindowTest, WhatFollowsALostPartIsAGapUntilTheNextKeyFrame) {
  film(0, 75);
  film(76, 130);
  EXPECT_THAT(broken(), testing::IsEmpty());
  const auto& segments = rules_.list().segments;
  ASSERT_THAT(segments, SizeIs(4));
  EXPECT_THAT(segments[1].uri, HasSubstr("/live/60-74.m4s"));
  EXPECT_NEAR(segments[1].duration_s, 0.5, 1e-4);
  EXPECT_TRUE(segments[2].gap);
  EXPECT_NEAR(segments[2].duration_s, 1.5, 1e-4);
  EXPECT_TRUE(segments[3].parts.at(0).independent);
}

TEST_F(HlsWindowTest, BeginsWithWhatTheArchiveHasOfTheTimeBefore) {
  std::vector<hub::Segment> archived;
  for (std::uint64_t first = 0; first < 600; first += 60) {
    hub::Segment segment;
    segment.first_sequence = first;
    segment.part_count = 60;
    segment.media_time = first * tick_;
    segment.duration = std::uint64_t{60} * tick_;
    segment.init_hash8 = init_hash8(init_);
    segment.ranges = {{first * 10, 600}};
    archived.push_back(segment);
  }
  archived[2].parts_missing = 1;
  window_.begin_with(archived);
  film(600, 615);
  EXPECT_THAT(broken(), testing::IsEmpty());
  EXPECT_THAT(rules_.list().segments.front().uri, HasSubstr("/live/180-239.m4s"));
  EXPECT_THAT(rules_.list().segments, SizeIs(8));
  EXPECT_TRUE(window_.is_playable());
  EXPECT_THAT(window_.segment(180, 239), SizeIs(0)) << "its bytes are the archive's";
}

TEST_F(HlsWindowTest, AListOfHoursIsNotLongerThanItsWindow) {
  film(0, 60 * 30);
  const auto after_a_minute = window_.text(false, {}).size();
  const auto kept = window_.kept_bytes();
  film(60 * 30, 60 * 30 * 60);
  EXPECT_LT(window_.text(false, {}).size(), after_a_minute + 500);
  EXPECT_LT(window_.kept_bytes(), kept + 5000);
  EXPECT_THAT(broken(), testing::IsEmpty());
  EXPECT_LT(window_.text(true, {}).size(), window_.text(false, {}).size());
}

TEST_F(HlsWindowTest, AHoleOfAnHourMovesTheNumbersAndLeavesAWindowOfGaps) {
  film(0, 240);
  EXPECT_THAT(broken(), testing::IsEmpty());
  const std::uint64_t later = 60 * 1800;
  film(later, later + 70);
  EXPECT_THAT(broken(), testing::IsEmpty());
  EXPECT_LT(rules_.list().segments.size(), 20U);
  EXPECT_EQ(rules_.list().segments.back().number, 4 + (later - 240) / 60 + 1);
}

TEST_F(HlsWindowTest, WhatIsKeptIsBoundedInBytesWhateverTimesAreClaimed) {
  const Bytes bytes(4U << 20);
  std::uint64_t next = 0;
  const auto claim = [&](bool key) {
    const Line line{next, next, 1, key};
    ++next;
    window_.add(key ? made("video", line, init_) : heavy(line, init_, bytes));
    EXPECT_LE(window_.kept_bytes(), HlsWindow::kKeptBytes);
  };
  // Each list alone: one that is over its bytes gets shorter than its target durations allow.
  const auto broken_alone = [&] { return HlsRules().take(window_.text(false, {})); };
  claim(true);
  for (int i = 0; i < 100; ++i) claim(false);
  EXPECT_THAT(broken_alone(), testing::IsEmpty());
  for (int i = 0; i < 100; ++i) claim(i % 3 == 0);
  EXPECT_THAT(broken_alone(), testing::IsEmpty());
  EXPECT_GT(window_.kept_bytes(), HlsWindow::kKeptBytes / 4) << "what comes now is taken";
  for (int i = 0; i < 5000; ++i) claim(true);
  HlsRules rules;
  EXPECT_THAT(rules.take(window_.text(false, {})), testing::IsEmpty());
  EXPECT_LE(rules.list().segments.size(), HlsWindow::kSegments + 2);
}

TEST_F(HlsWindowTest, AnsweredIsWhatIsThereAndRefusedWhatIsFarAhead) {
  film(0, 60 + 20);  // segment 0, and 2 partial segments of segment 1
  EXPECT_TRUE(window_.has(0, std::nullopt));
  EXPECT_TRUE(window_.has(0, 6));
  EXPECT_TRUE(window_.has(0, 7)) << "behind the last part: the next segment's first";
  EXPECT_TRUE(window_.has(1, 1));
  EXPECT_FALSE(window_.has(1, 2));
  EXPECT_FALSE(window_.has(1, std::nullopt));
  EXPECT_FALSE(window_.is_beyond(2, std::nullopt));
  EXPECT_TRUE(window_.is_beyond(3, std::nullopt));
  EXPECT_FALSE(window_.is_beyond(1, 12));
  EXPECT_TRUE(window_.is_beyond(1, 13));
}

class HlsLiveTest : public testing::Test {
 protected:
  void film(std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t i = first; i < end; ++i) {
      hub_.on_part(project_, device_, kWalk,
                   made("video", {i, i * tick_, tick_, i % 60 == 0}, init_), now_us_);
    }
  }
  void open() { ASSERT_TRUE(hls_.open(project_, kWalk, {kCapturedUs, {}}, now_us_)); }
  void ask(HlsReload reload) {
    hls_.list(project_, kWalk, "video", reload, now_us_,
              [this](Response response) { answers_.push_back(std::move(response)); });
  }
  bool ask_media(std::uint64_t first, std::optional<std::uint64_t> last = std::nullopt) {
    return hls_.media(project_, kWalk, "video", first, last, now_us_,
                      [this](Response response) { answers_.push_back(std::move(response)); });
  }
  static std::string text(const Response& response) {
    if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) {
      return **shared;
    }
    std::string bytes;
    if (const auto* pieces = std::get_if<SharedPieces>(&response.body)) {
      for (const auto& piece : pieces->pieces) bytes += piece.bytes;
    }
    return bytes;
  }
  void close() {
    v1::Event event;
    event.set_event_id(EventId::make().raw());
    event.set_kind("capture.closed");
    event.set_capture_id(kWalk.raw());
    v1::CommittedEvent committed;
    committed.set_event(event.SerializeAsString());
    committed.set_device_id(device_.raw());
    hub_.on_event(project_, committed);
  }

  const Bytes init_ = example_video_init();
  const std::uint32_t tick_ = read_init(init_)->timescale / 30;
  LiveSnapshotHolder snapshot_;
  LiveHub hub_{snapshot_};
  HlsLive hls_{hub_};
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  std::int64_t now_us_ = 1000 * kSecond;
  std::vector<Response> answers_;
  struct Follow {
    Follow(LiveHub& hub, HlsLive& hls) { hub.followed_by(&hls); }
  } follow_{hub_, hls_};
};

TEST_F(HlsLiveTest, AReloadWaitsForThePartItNamesAndGetsItAtOnce) {
  film(0, 60);
  open();
  ask({});
  EXPECT_THAT(answers_, SizeIs(0)) << "nothing can be played of it yet";
  film(60, 61);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(text(answers_[0]), HasSubstr("0-59.m4s"));
  ask({1, 0});
  film(61, 69);
  EXPECT_THAT(answers_, SizeIs(1));
  film(69, 70);
  ASSERT_THAT(answers_, SizeIs(2));
  EXPECT_THAT(text(answers_[1]), HasSubstr("/live/60.m4s\",INDEPENDENT=YES\n"));
  EXPECT_EQ(hls_.counters().waiting, 0U);
  ask({5, std::nullopt});
  EXPECT_EQ(answers_.back().status, 400U);
}

TEST_F(HlsLiveTest, AHintedPartIsSentWhenItIsThereAnd404WhenItDoesNotCome) {
  film(0, 63);
  open();
  EXPECT_TRUE(ask_media(60));
  EXPECT_FALSE(ask_media(69)) << "nobody said that it would come";
  film(63, 70);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(text(answers_[0]),
            "video60;video61;video62;video63;video64;video65;video66;video67;video68;");
  EXPECT_TRUE(ask_media(69));
  film(70, 121);
  ASSERT_THAT(answers_, SizeIs(2));
  EXPECT_EQ(answers_[1].status, 200U);
  film(122, 123);
  EXPECT_TRUE(ask_media(123)) << "after a loss nobody knows yet what is named next";
  film(123, 124);
  ASSERT_THAT(answers_, SizeIs(3));
  EXPECT_EQ(answers_[2].status, 404U);
}

TEST_F(HlsLiveTest, APictureThatIsFollowedByAPauseIsSaidToLastUntilTheNext) {
  const auto chunk = [&](std::uint64_t i, std::uint64_t time) {
    const Bytes data(50, 7);
    v1::PartEnvelope envelope;
    envelope.set_sequence(i);
    envelope.set_media_time(time);
    envelope.set_duration(tick_);
    envelope.set_key_frame(i == 0);
    envelope.set_init_hash8(init_hash8(init_));
    if (i == 0) envelope.set_init_segment(to_string(ByteView(init_)));
    const auto media =
        *make_chunk(static_cast<std::uint32_t>(i + 1), time, {{data, tick_, i == 0}});
    const auto bytes = std::make_shared<const Bytes>(
        make_part_frame(as_bytes(envelope.SerializeAsString()), {}, media));
    hub_.on_part(project_, device_, kWalk, *make_live_part("video", *bytes, bytes), now_us_);
    return to_string(ByteView(media));
  };
  const auto first = chunk(0, 0);
  open();
  const auto second = chunk(1, tick_);
  const auto third = chunk(2, std::uint64_t{5} * tick_);  // 0.1 s late
  chunk(3, std::uint64_t{12} * tick_);
  ASSERT_TRUE(ask_media(0));
  const auto sent = text(answers_.back());
  ASSERT_EQ(sent.size(), first.size() + second.size() + third.size());
  EXPECT_EQ(sent.substr(0, first.size()), first);
  const auto changed = as_bytes(sent).subspan(first.size(), second.size());
  EXPECT_EQ(read_chunk(changed)->samples.at(0).duration, 4 * tick_);
  EXPECT_EQ(read_chunk(changed)->payload.size(), 50U);
}

TEST_F(HlsLiveTest, WaitingEndsInTimeAndHasABound) {
  film(0, 60);
  open();
  film(60, 121);
  ask({2, 0});
  now_us_ += HlsLive::kWaitUs + 1;
  hls_.tick(now_us_);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].status, 503U);
  for (std::size_t i = 0; i <= HlsLive::kWaitingPerCapture; ++i) ask({2, 0});
  ASSERT_THAT(answers_, SizeIs(2));
  EXPECT_EQ(answers_[1].status, 503U);
  film(121, 140);
  EXPECT_THAT(answers_, SizeIs(HlsLive::kWaitingPerCapture + 2));
}

TEST_F(HlsLiveTest, TheEndIsToldToWhoWaits) {
  film(0, 60);
  open();
  film(60, 130);
  HlsRules rules;
  ask({});
  EXPECT_THAT(rules.take(text(answers_.back())), SizeIs(0));
  ask({2, std::nullopt});
  close();
  ASSERT_THAT(answers_, SizeIs(2));
  ask({});
  EXPECT_THAT(text(answers_.back()), testing::EndsWith("#EXT-X-ENDLIST\n"));
  EXPECT_THAT(rules.take(text(answers_.back())), SizeIs(0));
}

TEST_F(HlsLiveTest, AnEndBeforeAnyPartLeavesItToTheArchive) {
  hub::Segment segment;
  segment.part_count = 60;
  segment.duration = std::uint64_t{60} * tick_;
  segment.init_hash8 = init_hash8(init_);
  segment.ranges = {{0, 600}};
  ASSERT_TRUE(hls_.open(project_, kWalk, {kCapturedUs, {{"video", {segment}}}}, now_us_));
  ask({});
  EXPECT_FALSE(hls_.has_only_archive(project_, kWalk, "video"));
  hls_.on_closed(project_, kWalk);
  EXPECT_TRUE(hls_.has_only_archive(project_, kWalk, "video"));
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].status, 503U);
  ask({});
  ASSERT_THAT(answers_, SizeIs(2));
  EXPECT_EQ(answers_[1].status, 503U);
}

TEST_F(HlsLiveTest, AllTogetherKeepNoMoreThanTheLimitAndTheLargestIsDropped) {
  const Bytes bytes(4U << 20);
  film(0, 60);
  open();
  ask({});
  std::vector<CaptureId> large;
  for (int i = 0; i < 12; ++i) {
    large.push_back(CaptureId::make());
    ASSERT_TRUE(hls_.open(project_, large.back(), {kCapturedUs, {}}, now_us_));
  }
  for (std::uint64_t i = 0; i < 40; ++i) {
    for (const CaptureId id : large) {
      const Line line{i, i * tick_, tick_, i % 4 == 0};
      hls_.on_part(project_, id,
                   line.init ? made("video", line, init_) : heavy(line, init_, bytes));
      EXPECT_LE(hls_.counters().kept_bytes, HlsLive::kKeptBytes);
    }
  }
  EXPECT_TRUE(hls_.is_open(project_, kWalk)) << "it keeps next to nothing";
  EXPECT_LT(hls_.counters().captures, 13U);
  film(60, 61);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].status, 200U);
}

TEST_F(HlsLiveTest, WhatNobodyAsksForIsClosedAndItsNumbersDoNotComeBack) {
  film(0, 600);
  open();
  film(600, 661);
  HlsRules rules;
  ask({});
  rules.take(text(answers_.back()));
  const auto before = rules.list().segments.back().number;
  now_us_ += HlsLive::kUnaskedUs + 1;
  hls_.tick(now_us_);
  EXPECT_EQ(hls_.counters().captures, 0U);
  film(661, 1500);
  open();
  film(1500, 1561);
  ask({});
  HlsRules again;
  EXPECT_THAT(again.take(text(answers_.back())), SizeIs(0));
  EXPECT_GT(again.list().first_number, before);
}

// Captures as cameras and links make them: frame rates that change, pauses, losses, repeats, other
// inits, key frames at odd times, long silence.
class History {
 public:
  History(std::uint64_t seed, bool pictures) : random_(seed), pictures_(pictures) {
    inits_ = pictures ? std::vector<Bytes>{example_video_init(),
                                           *make_video_init({640, 480, example_avcc()})}
                      : std::vector<Bytes>{example_opus_init(), *make_opus_init({1, 312, 48'000})};
    timescale_ = read_init(inits_[0])->timescale;
    const std::vector<double> lengths =
        pictures ? std::vector<double>{1 / 30.0, 1 / 29.97, 0.04, 0.05, 1 / 15.0, 0.1, 0.2}
                 : std::vector<double>{0.02, 0.04, 0.06, 0.1, 0.2};
    part_s_ = lengths[random_() % lengths.size()];
    time_ = random_() % 4 == 0 ? 0 : random_() % (std::uint64_t{3600} * timescale_);
    sequence_ = time_ == 0 ? 0 : random_() % 10'000;
    trouble_ = random_() % 8 == 0 ? 5 : random_() % 3 == 0 ? 400 : 60;
    loses_ = random_() % 3 != 0;
  }

  // nullptr: this one was lost.
  std::shared_ptr<const LivePart> next() {
    const bool odd = random_() % trouble_ == 0;
    if (odd) trouble();
    // A camera in the dark takes half as many pictures; a thin link has longer pieces of sound.
    const double length = part_s_ * (half_rate_ ? 2 : 1);
    const double wobble = 1 + static_cast<double>(random_() % 21) / 1000;
    Line line{sequence_++, time_, static_cast<std::uint32_t>(length * timescale_), false};
    line.init = begun_at_ == 0 || time_ >= key_at_ || force_key_;
    if (line.init) {
      begun_at_ = 1;
      force_key_ = false;
      key_at_ = time_ + 2 * timescale_;
    }
    time_ += static_cast<std::uint64_t>(length * wobble * timescale_);
    last_ = made(pictures_ ? "video" : "audio", line, inits_[init_]);
    if (lost_ > 0) {
      --lost_;
      return nullptr;
    }
    return last_;
  }
  std::shared_ptr<const LivePart> repeated() { return last_; }
  std::uint64_t random() { return random_(); }

 private:
  void trouble() {
    switch (random_() % 7) {
      case 0: time_ += random_() % timescale_; break;                         // a pause
      case 1: time_ += random_() % (std::uint64_t{100} * timescale_); break;  // a long one
      case 2:
      case 3: lost_ = loses_ ? 1 + random_() % 40 : 0; break;
      case 4:
        init_ = 1 - init_;
        force_key_ = true;
        break;
      case 5: force_key_ = true; break;
      default: half_rate_ = part_s_ < 0.045 && !half_rate_; break;
    }
  }

  std::mt19937_64 random_;
  bool pictures_;
  std::vector<Bytes> inits_;
  std::uint32_t timescale_ = 0;
  double part_s_ = 0;
  std::uint64_t time_ = 0, sequence_ = 0, trouble_ = 1, lost_ = 0, key_at_ = 0, begun_at_ = 0;
  bool loses_ = false, force_key_ = false, half_rate_ = false;
  std::size_t init_ = 0;
  std::shared_ptr<const LivePart> last_;
};

// The bytes of a segment are those of its partial segments.
void expect_same_bytes(const HlsWindow& window, const test::HlsList& list) {
  for (const auto& segment : list.segments) {
    if (segment.uri.empty() || segment.gap || segment.parts.empty()) continue;
    std::string joined;
    for (const auto& part : segment.parts) {
      const auto name = part.uri.substr(part.uri.rfind('/') + 1);
      const auto* parts = window.hls_part(std::stoull(name));
      ASSERT_NE(parts, nullptr) << part.uri;
      joined += media_of(*parts);
    }
    const auto name = segment.uri.substr(segment.uri.rfind('/') + 1);
    const auto dash = name.find('-');
    ASSERT_EQ(media_of(window.segment(std::stoull(name), std::stoull(name.substr(dash + 1)))),
              joined);
  }
}

TEST(HlsWindowFuzz, WhateverIsFilmedTheListKeepsTheRules) {
  const std::uint64_t seed = test_seed();
  Trials trials(kSanitized ? 40 : 1000, 50'000, seed);
  while (trials.next()) {
    const bool pictures = trials.done() % 3 != 0;
    History history(seed + static_cast<std::uint64_t>(trials.done()), pictures);
    HlsWindow window(kWalk, pictures ? "video" : "audio", kCapturedUs, pictures);
    HlsRules whole, skipping;
    bool begun = false;
    std::string before;
    for (int i = 0, count = 20 + static_cast<int>(history.random() % 300); i < count; ++i) {
      const auto part = history.next();
      if (part == nullptr) continue;
      bool grown = window.add(part);
      if (history.random() % 50 == 0) {
        EXPECT_FALSE(window.add(history.repeated()));
      }
      if (i + 1 == count) {
        window.end();
        grown = true;
      }
      if (!window.is_playable()) continue;
      // A client that is slower than the list misses some of its states.
      if (!grown || (history.random() % 3 == 0 && i + 1 < count)) continue;
      const auto text = window.text(false, {});
      for (const auto& rule : whole.take(text)) ADD_FAILURE() << rule << "\n" << before << text;
      // Who is far behind asks for all of it (section 6.3.7).
      const bool skips =
          begun && whole.list().segments.back().number < skipping.list().segments.back().number + 4;
      const auto delta = window.text(skips, {});
      for (const auto& rule : skipping.take(delta))
        ADD_FAILURE() << rule << "\n" << before << delta;
      EXPECT_EQ(skipping.list().segments.size(), whole.list().segments.size());
      begun = true;
      expect_same_bytes(window, whole.list());
      before = text;
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(HlsRulesTest, WhatBreaksARuleIsNamed) {
  const std::string good =
      "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD="
      "YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.9\n#EXT-X-PART-INF:PART-TARGET=0.3\n"
      "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"i\"\n"
      "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.250Z\n#EXT-X-PART:DURATION=0.3,URI=\"a\","
      "INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.28,URI=\"b\"\n#EXTINF:0.6,\ns\n"
      "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.850Z\n#EXT-X-PART:DURATION=0.3,URI=\"c\"\n"
      "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"d\"\n";
  EXPECT_THAT(HlsRules().take(good), SizeIs(0));
  const auto broken = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return HlsRules().take(text);
  };
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"#EXTM3U\n", "\n"},
      {"VERSION:9", "VERSION:6"},
      {"TARGETDURATION:2\n", "TARGETDURATION:0\n"},
      {"UNTIL=12.0", "UNTIL=11.9"},
      {"HOLD-BACK=0.9", "HOLD-BACK=0.8"},
      {"DURATION=0.3,URI=\"a\"", "DURATION=0.31,URI=\"a\""},
      {"DURATION=0.28,URI=\"b\"", "DURATION=0.2,URI=\"b\"\n#EXT-X-PART:DURATION=0.01,URI=\"b2\""},
      {"#EXTINF:0.6,", "#EXTINF:2.6,"},
      {"#EXTINF:0.6,", "#EXTINF:0.5,"},
      {"#EXTINF:0.6,\n", ""},
      {"#EXT-X-MAP:URI=\"i\"\n", ""},
      {"20.850Z", "21.850Z"},
      {"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"d\"\n", ""},
      {"#EXT-X-PRELOAD-HINT", "#EXT-X-ENDLIST\n#EXT-X-PRELOAD-HINT"},
      {"URI=\"c\"", "URI=c\""},
      {"#EXT-X-PART-INF", "#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF"},
  };
  for (const auto& [from, to] : wrong) EXPECT_THAT(broken(from, to), Not(SizeIs(0))) << from << to;

  const auto changed = [&](const std::string& from, const std::string& to) {
    HlsRules rules;
    rules.take(good);
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return rules.take(text);
  };
  EXPECT_THAT(changed("SEQUENCE:7", "SEQUENCE:6"), Not(SizeIs(0)));
  EXPECT_THAT(changed("\ns\n", "\nt\n"), Not(SizeIs(0)));
  EXPECT_THAT(changed("URI=\"c\"", "URI=\"e\""), Not(SizeIs(0)));
  EXPECT_THAT(changed("SEQUENCE:7", "SEQUENCE:8"), Not(SizeIs(0))) << "too little is left";
}

}  // namespace
}  // namespace sitecast::gateway
