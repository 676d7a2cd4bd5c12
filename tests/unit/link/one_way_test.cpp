// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/one_way.h"

#include <gtest/gtest.h>

namespace sitecast::link {
namespace {

class OneWayTest : public ::testing::Test {
 protected:
  void send(std::uint8_t name, std::int64_t at_ns, std::size_t size = 1000) {
    Packet packet(size);
    packet[0] = name;
    way.take(std::move(packet), at_ns);
  }
  // Names of what has arrived by then, in order.
  std::vector<int> arrived(std::int64_t by_ns) {
    std::vector<int> names;
    while (auto packet = way.pop(by_ns)) names.push_back(packet->packet[0]);
    return names;
  }
  using Names = std::vector<int>;
  OneWay way{1};
};

TEST_F(OneWayTest, APacketArrivesAfterItsTimeOnTheLinkAndTheDelay) {
  way.set_drain(Drain::constant(8'000'000), 0);  // 1,000 bytes a millisecond
  way.set_delay(30 * kMsNs);
  send(1, 0);
  send(2, 0);
  EXPECT_EQ(way.due_ns(), 1 * kMsNs);
  EXPECT_EQ(arrived(31 * kMsNs - 1), Names{});
  EXPECT_EQ(way.due_ns(), 31 * kMsNs);
  EXPECT_EQ(arrived(31 * kMsNs), Names{1});
  EXPECT_EQ(arrived(32 * kMsNs), Names{2});
  EXPECT_EQ(way.due_ns(), kNever);
  EXPECT_EQ(way.counters().queued.at_us(1), 2000U);
  EXPECT_EQ(way.counters().transit.at_us(0), 31'000U);
}

TEST_F(OneWayTest, AFullQueueDropsTheNewest) {
  way.set_drain(Drain::constant(8'000'000), 0);
  way.set_queue_bytes(2500);
  for (std::uint8_t name = 1; name <= 3; ++name) send(name, 0);
  EXPECT_EQ(way.counters().dropped_queue, 1U);
  send(4, 1 * kMsNs);  // the first has left
  EXPECT_EQ(arrived(9 * kMsNs), (Names{1, 2, 4}));
  EXPECT_EQ(way.queue_bytes(), 0U);
}

TEST_F(OneWayTest, AQueueInMillisecondsDropsWhatWouldWaitLonger) {
  way.set_drain(Drain::constant(8'000'000), 0);
  way.set_queue_time(3 * kMsNs);
  for (std::uint8_t name = 1; name <= 4; ++name) send(name, 0);
  send(5, 0, 10);  // as small as it is, it would come after the third
  EXPECT_EQ(way.counters().dropped_queue, 2U);
  EXPECT_EQ(arrived(9 * kMsNs), (Names{1, 2, 3}));
}

TEST_F(OneWayTest, ANewRateHoldsForWhatWaits) {
  way.set_drain(Drain::constant(0), 0);
  send(1, 0);
  send(2, 0);
  EXPECT_EQ(way.due_ns(), kNever);
  way.set_drain(Drain::constant(8'000'000), 5 * kMsNs);
  EXPECT_EQ(arrived(6 * kMsNs), Names{1});
  way.set_drain(Drain::constant(800'000), 6 * kMsNs);
  EXPECT_EQ(arrived(16 * kMsNs - 1), Names{});
  EXPECT_EQ(arrived(16 * kMsNs), Names{2});
}

TEST_F(OneWayTest, NothingPassesALinkThatIsDownNotEvenWhatIsInTheAir) {
  way.set_drain(Drain::constant(8'000'000), 0);
  way.set_delay(30 * kMsNs);
  send(1, 0);
  send(2, 20 * kMsNs);
  way.settle(22 * kMsNs);
  way.set_down(true);
  send(3, 22 * kMsNs);
  EXPECT_EQ(arrived(31 * kMsNs), Names{});
  way.set_down(false);
  send(4, 32 * kMsNs);
  EXPECT_EQ(arrived(90 * kMsNs), (Names{2, 4}));  // what was due while it was down is lost
  EXPECT_EQ(way.counters().dropped_down, 2U);
}

TEST_F(OneWayTest, LossHasItsShareAndTheSameSeedHitsTheSamePackets) {
  OneWay other{1}, third{2};
  Names seen[3];
  int which = 0;
  for (OneWay* one : {&way, &other, &third}) {
    one->chances().loss = 0.3;
    for (int i = 0; i < 10'000; ++i) {
      one->take(Packet(20), i);
      seen[which].push_back(one->pop(i) ? 1 : 0);
    }
    EXPECT_NEAR(static_cast<double>(one->counters().dropped_loss), 3000, 4 * 46);  // 4 sigma
    which += 1;
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_NE(seen[0], seen[2]);
}

TEST_F(OneWayTest, BurstsLoseAsMuchButInRows) {
  // Bad one fifth of the time, 20 packets at a stretch.
  way.chances().burst_enter = 0.0125;
  way.chances().burst_leave = 0.05;
  int lost = 0, rows = 0;
  bool losing = false;
  for (int i = 0; i < 100'000; ++i) {
    way.take(Packet(20), i);
    const bool gone = !way.pop(i);
    lost += gone ? 1 : 0;
    rows += gone && !losing ? 1 : 0;
    losing = gone;
  }
  EXPECT_NEAR(lost, 20'000, 2000);
  EXPECT_NEAR(lost / rows, 20, 2);
}

TEST_F(OneWayTest, AHeldBackPacketIsPassedByLaterOnes) {
  way.set_delay(10 * kMsNs);
  way.chances().reorder = 1;
  way.chances().reorder_by_ns = 5 * kMsNs;
  send(1, 0);
  way.settle(0);
  way.chances().reorder = 0;
  send(2, 1 * kMsNs);
  EXPECT_EQ(arrived(20 * kMsNs), (Names{2, 1}));
  EXPECT_EQ(way.counters().held_back, 1U);
}

TEST_F(OneWayTest, AShorterDelayDoesNotChangeTheOrder) {
  way.set_delay(50 * kMsNs);
  send(1, 0);
  way.settle(0);
  way.set_delay(0);
  send(2, 1 * kMsNs);
  EXPECT_EQ(arrived(49 * kMsNs), Names{});
  EXPECT_EQ(arrived(50 * kMsNs), (Names{1, 2}));
}

TEST_F(OneWayTest, ADuplicateArrivesTwice) {
  way.chances().duplicate = 1;
  send(1, 0);
  EXPECT_EQ(arrived(0), (Names{1, 1}));
  EXPECT_EQ(way.counters().duplicated, 1U);
}

TEST(QuantilesTest, AreRightWithinTwoPercent) {
  Quantiles quantiles;
  for (std::int64_t us = 1; us <= 1'000'000; us += 7) quantiles.add(us * 1000);
  for (const double share : {0.01, 0.5, 0.95, 0.99}) {
    EXPECT_NEAR(static_cast<double>(quantiles.at_us(share)), share * 1e6, share * 2e4) << share;
  }
  EXPECT_EQ(quantiles.at_us(0), 1U);
  EXPECT_EQ(quantiles.at_us(1), 1'000'000U);
}

}  // namespace
}  // namespace sitecast::link
