// SPDX-License-Identifier: Apache-2.0
// The ladder against a simulated link: a rate, a queue, a sender that makes what the rung says.
#include "agent/publish/rate_ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "agent/publish/delivered_rate.h"

namespace sitecast::agent {
namespace {

const Rung kBest{"full", 2'500, 1'280, 720, 30, 0, 48};

class SimulatedLink {
 public:
  // Runs `seconds` at `kbps`; steps of 250 ms as the delivery thread's.
  void run(double seconds, double kbps, bool connected = true) {
    for (double passed = 0; passed < seconds; passed += 0.25) {
      now_us_ += 250'000;
      if (connected) {
        const double held = std::max(0.0, queue_bits_ - kbps * 1000 * 0.85);
        queue_bits_ += ladder.rung().link_kbps() * 1000 * 0.25;
        const double room = kbps * 1000 * 0.25;
        const double sent = std::min(queue_bits_, room);
        queue_bits_ -= sent;
        acknowledged_bits_ += backfill ? room : sent;
        // Pictures that wait too long are skipped, as the delivery machine does.
        const double made = queue_bits_ - held;
        queue_bits_ = held + std::min(made, kbps * 1000 * 0.6);
      }
      LinkSample sample;
      sample.now_us = now_us_;
      sample.connected = connected;
      sample.live_lag_us = kbps > 0 ? static_cast<std::int64_t>(queue_bits_ / kbps * 1000) : 0;
      sample.round_trip_us = 60'000;
      rate_.observe(static_cast<std::uint64_t>(acknowledged_bits_ / 8), now_us_);
      sample.delivered_kbps = rate_.kbps();
      if (ladder.observe(sample)) ++changes;
    }
  }

  // Carries everything for a while and then hardly anything, as TCP makes it of a path that loses
  // packets. Returns how often it went up to `rung`.
  int run_in_waves(double seconds, std::string_view rung) {
    int tries = 0;
    for (double passed = 0; passed < seconds; passed += 0.25) {
      const std::size_t before = ladder.position();
      run(0.25, std::fmod(passed, 20) < 17 ? 1'600 : 700);
      if (ladder.position() < before && ladder.rung().name == rung) ++tries;
    }
    return tries;
  }

  void queue(double kilobits) { queue_bits_ += kilobits * 1000; }

  RateLadder ladder{make_rungs(kBest)};
  int changes = 0;
  bool backfill = false;  // uses what live leaves

 private:
  std::int64_t now_us_ = 1'000'000;
  double queue_bits_ = 0;
  double acknowledged_bits_ = 0;
  DeliveredRate rate_;
};

TEST(RateLadderTest, StaysAtTheBestOnALinkThatCarriesIt) {
  SimulatedLink link;
  link.run(120, 6'000);
  EXPECT_EQ(link.ladder.position(), 0U);
  EXPECT_EQ(link.changes, 0);
}

TEST(RateLadderTest, FitsIntoEveryLinkWithinThreeSeconds) {
  for (const double kbps : {2'000.0, 1'000.0, 500.0, 250.0, 120.0, 60.0}) {
    SimulatedLink link;
    link.run(10, 6'000);
    link.run(3, kbps);
    EXPECT_LE(link.ladder.rung().link_kbps(), kbps) << kbps;
    EXPECT_GE(link.ladder.rung().link_kbps(), std::min(kbps / 3, 44.0)) << kbps << ": too low";
  }
}

TEST(RateLadderTest, VoiceIsLeftWhereALinkCarriesOnlyThat) {
  SimulatedLink link;
  link.run(5, 6'000);
  link.run(20, 70);
  EXPECT_EQ(link.ladder.rung().name, "voice");
}

TEST(RateLadderTest, ComesBackToTheBestWhenTheLinkDoes) {
  SimulatedLink link;
  link.run(30, 200);
  const std::size_t low = link.ladder.position();
  EXPECT_GE(low, 4U);
  link.backfill = true;
  link.run(15, 8'000);
  EXPECT_EQ(link.ladder.position(), 0U);
}

TEST(RateLadderTest, ComesBackToTheBestWithoutBackfillToo) {
  SimulatedLink link;
  link.run(30, 200);
  link.run(90, 8'000);
  EXPECT_EQ(link.ladder.position(), 0U);
}

TEST(RateLadderTest, ALinkBetweenTwoRungsDoesNotMakeThePictureSwing) {
  SimulatedLink link;
  link.run(30, 900);
  link.changes = 0;
  link.run(300, 900);
  EXPECT_LE(link.changes, 16);  // a try and its failure, ever more rarely
  link.changes = 0;
  link.run(300, 900);
  EXPECT_LE(link.changes, 12);
}

TEST(RateLadderTest, ARungThatFailedIsTriedAgainAfterEverLongerPauses) {
  SimulatedLink link;
  std::vector<double> gaps;
  double since = 0;
  std::size_t before = 0;
  for (double passed = 0; passed < 1'200; passed += 0.25) {
    link.run(0.25, 900);
    since += 0.25;
    if (link.ladder.position() < before && link.ladder.rung().name == "540p") {
      gaps.push_back(since);
      since = 0;
    }
    before = link.ladder.position();
  }
  ASSERT_GE(gaps.size(), 8U);
  for (std::size_t i = 2; i < gaps.size(); ++i) {
    EXPECT_GE(gaps[i], std::min(gaps[i - 1] * 1.5, 120.0)) << i;
  }
}

TEST(RateLadderTest, WhatOnlyGoesWellForMomentsIsLeftAlone) {
  SimulatedLink link;
  link.run_in_waves(300, "540p");
  EXPECT_LE(link.run_in_waves(600, "540p"), 8);
  link.run_in_waves(15, "");
  EXPECT_EQ(link.ladder.rung().name, "360p");
}

TEST(RateLadderTest, AMomentsRateProvesNothingOfARungThatFailed) {
  SimulatedLink link;
  link.backfill = true;
  link.run_in_waves(300, "540p");
  EXPECT_LE(link.run_in_waves(600, "540p"), 8);
}

TEST(RateLadderTest, AfterAStallLiveGoesOnAtTheRungThatHeld) {
  SimulatedLink link;
  link.run(60, 900);
  ASSERT_EQ(link.ladder.rung().name, "360p");
  while (link.ladder.rung().name != "540p") link.run(0.25, 900);
  link.run(2, 10);
  ASSERT_GT(link.ladder.position(), 3U) << "to what was carried then";
  link.changes = 0;
  link.run(5, 900);
  EXPECT_EQ(link.ladder.rung().name, "360p");
  EXPECT_EQ(link.changes, 1) << "in one step";
}

TEST(RateLadderTest, AfterALinkBecameThinLiveClimbsStepByStep) {
  SimulatedLink link;
  link.run(20, 6'000);
  link.run(4, 300);
  for (int second = 0; second < 120; ++second) {
    if (second % 5 == 0) link.queue(85);  // now and then something waits for a moment
    link.run(1, 300);
    EXPECT_NE(link.ladder.rung().name, "full") << "it held, on another link";
  }
}

TEST(RateLadderTest, AfterACutLiveGoesOnAtTheRungThatHeld) {
  for (const double cut_s : {10.0, 60.0}) {
    SimulatedLink link;
    link.run(60, 900);
    ASSERT_EQ(link.ladder.rung().name, "360p");
    link.run(3, 1);  // not noticed yet
    ASSERT_NE(link.ladder.rung().name, "360p");
    link.run(cut_s, 0, false);
    EXPECT_EQ(link.ladder.rung().name, "360p");
  }
}

TEST(RateLadderTest, AfterACutDuringATryLiveGoesOnAtTheRungThatHeld) {
  SimulatedLink link;
  link.run(60, 900);
  while (link.ladder.rung().name != "540p") link.run(0.25, 900);
  link.run(10, 0, false);
  EXPECT_EQ(link.ladder.rung().name, "360p");
}

TEST(RateLadderTest, ACutDoesNotBringBackWhatHeldOnABetterLink) {
  SimulatedLink link;
  link.run(20, 6'000);
  link.run(15, 300);
  const std::size_t before = link.ladder.position();
  EXPECT_GE(before, 4U);
  link.run(10, 0, false);
  EXPECT_EQ(link.ladder.position(), before);
}

TEST(RateLadderTest, AfterACutWhileItClimbedLiveDoesNotBeginAtTheBottom) {
  SimulatedLink link;
  link.run(40, 200);
  link.backfill = true;
  while (link.ladder.rung().name != "full") link.run(0.25, 8'000);
  link.run(1, 8'000);
  link.backfill = false;
  link.run(3, 1);
  ASSERT_GE(link.ladder.position(), 4U);
  link.run(10, 0, false);
  EXPECT_EQ(link.ladder.rung().name, "540p") << "the last one that was seen to hold";
}

TEST(RateLadderTest, WhatFitsWhenAConnectionIsLeftIsWhereTheNextOneBegins) {
  SimulatedLink link;
  link.run(20, 6'000);
  LinkSample sample;
  sample.now_us = 30'000'000;
  sample.connected = true;
  sample.delivered_kbps = 100;
  ASSERT_TRUE(link.ladder.fit(sample));
  link.run(1, 0, false);
  EXPECT_EQ(link.ladder.rung().name, "stills");
}

TEST(RateLadderTest, ALinkThatIsLeftBecauseItIsThinIsNoCut) {
  SimulatedLink link;
  link.run(20, 6'000);
  link.run(3, 60);  // fell already
  const std::string_view fell_to = link.ladder.rung().name;
  ASSERT_NE(fell_to, "full");
  LinkSample sample;
  sample.now_us = 24'500'000;
  sample.connected = true;
  sample.delivered_kbps = 2'000;
  EXPECT_FALSE(link.ladder.fit(sample));
  link.run(1, 0, false);
  EXPECT_EQ(link.ladder.rung().name, fell_to);
}

TEST(RateLadderTest, FailuresAreForgivenToARungThatLasts) {
  SimulatedLink link;
  link.run(600, 900);  // 540p failed often
  link.run(200, 6'000);
  ASSERT_EQ(link.ladder.position(), 0U);
  link.run(4, 900);
  link.run(30, 6'000);
  EXPECT_EQ(link.ladder.position(), 0U);
}

TEST(RateLadderTest, VoiceIsNotGivenUpForAQueueThatDrains) {
  SimulatedLink link;
  link.run(10, 6'000);
  link.queue(75 * 8);  // kB that the path held when it became thin
  for (int second = 0; second < 25; ++second) {
    link.run(1, 75);
    EXPECT_GT(link.ladder.rung().link_kbps(), 0U) << second;
  }
}

TEST(RateLadderTest, NothingLiveIsTriedAgainAlthoughBackfillQueues) {
  SimulatedLink link;
  link.run(17, 10);
  EXPECT_EQ(link.ladder.rung().name, "record_only");
  link.backfill = true;
  link.run(30, 8'000);
  EXPECT_EQ(link.ladder.position(), 0U);
}

TEST(RateLadderTest, ACutChangesNothingByItself) {
  SimulatedLink link;
  link.run(30, 1'000);
  const std::size_t before = link.ladder.position();
  link.changes = 0;
  link.run(60, 0, false);
  EXPECT_EQ(link.changes, 0);
  EXPECT_EQ(link.ladder.position(), before);
}

TEST(RateLadderTest, LeavingAConnectionFitsAtOnceIntoWhatIsDelivered) {
  LinkSample sample;
  sample.now_us = 1;
  for (const auto& [kbps, rung] : {std::pair{900U, "360p"}, {100U, "stills"}, {20U, "voice"}}) {
    RateLadder ladder{make_rungs(kBest)};
    sample.delivered_kbps = kbps;
    EXPECT_TRUE(ladder.fit(sample));
    EXPECT_EQ(ladder.rung().name, rung);
    EXPECT_FALSE(ladder.fit(sample)) << "it fits";
  }
}

TEST(RateLadderTest, WhatIsFilledInBesideLiveIsNoLargerThanTheLinkHasShownToCarry) {
  SimulatedLink link;
  EXPECT_EQ(link.ladder.largest_fill_bytes(100), UINT64_MAX) << "live is at its best";
  link.run(10, 6'000);
  link.run(15, 75);
  EXPECT_EQ(link.ladder.rung().name, "voice");
  EXPECT_EQ(link.ladder.largest_fill_bytes(75), 0U);
  while (link.ladder.rung().name != "240p10") link.run(0.25, 1'000);
  EXPECT_EQ(link.ladder.largest_fill_bytes(96), 12'000U);
}

TEST(RateLadderTest, AnotherPathsRoundTripIsLearntAnew) {
  RateLadder ladder{make_rungs(kBest)};
  LinkSample sample{1'000'000, true, 0, 60'000, 6'000};
  ladder.observe(sample);
  ladder.observe(LinkSample());  // a cut
  sample.round_trip_us = 700'000;
  for (int i = 0; i < 100; ++i) {
    sample.now_us += 250'000;
    EXPECT_FALSE(ladder.observe(sample));
  }
}

// 250 ms apart, for so many seconds; whether it went down.
bool goes_down(RateLadder& ladder, LinkSample& sample, double seconds) {
  const std::size_t before = ladder.position();
  for (double passed = 0; passed < seconds; passed += 0.25) {
    sample.now_us += 250'000;
    ladder.observe(sample);
  }
  return ladder.position() > before;
}

TEST(RateLadderTest, AMomentsWaitingDoesNotKeepLiveDown) {
  RateLadder ladder{make_rungs(kBest)};
  LinkSample sample{1'000'000, true, 2'000'000, 60'000, 50};
  EXPECT_TRUE(goes_down(ladder, sample, 2));
  const std::size_t low = ladder.position();
  for (int second = 0; second < 20; ++second) {
    sample.live_lag_us = 300'000;
    goes_down(ladder, sample, 0.25);
    sample.live_lag_us = 0;
    goes_down(ladder, sample, 0.75);
  }
  EXPECT_LE(ladder.position() + 2, low);
}

TEST(RateLadderTest, AfterALongTimeOnAThinLinkLiveIsBackSoonWithoutBackfill) {
  SimulatedLink link;
  link.run(900, 130);  // where stills fit, and the next rung failed often
  EXPECT_EQ(link.ladder.rung().name, "stills");
  link.run(20, 8'000);
  EXPECT_LE(link.ladder.position(), 3U);
}

TEST(RateLadderTest, WhatTheKernelHasTakenAndNotSentIsAQueueToo) {
  RateLadder ladder{make_rungs(kBest)};
  LinkSample sample{1'000'000, true, 0, 60'000, 2'600, 16'000};
  EXPECT_FALSE(goes_down(ladder, sample, 5));
  EXPECT_EQ(ladder.queue_us(), 49'230);
  sample.unsent_bytes = 100'000;
  EXPECT_TRUE(goes_down(ladder, sample, 1));
}

TEST(RateLadderTest, APathThatBecameLongerIsNoQueueForEver) {
  RateLadder ladder{make_rungs(kBest)};
  LinkSample sample{1'000'000, true, 0, 60'000, 6'000};
  goes_down(ladder, sample, 20);
  sample.round_trip_us = 500'000;
  EXPECT_TRUE(goes_down(ladder, sample, 1));
  goes_down(ladder, sample, 60);
  EXPECT_EQ(ladder.queue_us(), 0);
  EXPECT_EQ(ladder.position(), 0U);
}

TEST(RateLadderTest, NoRungExceedsWhatWasAskedFor) {
  const Rung small{"full", 500, 640, 480, 25, 0, 24};
  std::uint32_t last = UINT32_MAX;
  for (const Rung& rung : make_rungs(small)) {
    EXPECT_LE(rung.video_kbps, 500U);
    EXPECT_LE(rung.longer_side_px, 640U);
    EXPECT_LE(rung.fps, 25U);
    EXPECT_LE(rung.audio_kbps, 24U);
    EXPECT_LT(rung.link_kbps(), last) << rung.name;
    last = rung.link_kbps();
  }
  EXPECT_EQ(last, 0U);
}

}  // namespace
}  // namespace sitecast::agent
