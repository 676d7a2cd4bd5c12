// SPDX-License-Identifier: Apache-2.0
// The watch against a simulated link: a rate, and a sender that keeps the kernel's buffer as full
// as the better rate allowed.
#include "agent/publish/stuck_watch.h"

#include <gtest/gtest.h>

#include "agent/publish/delivered_rate.h"

namespace sitecast::agent {
namespace {

class SimulatedSocket {
 public:
  // Seconds until the connection is given up; -1: it is not. `made_kbps` are sent, as long as no
  // more than `buffer_bytes` are on the way.
  double run(double seconds, double link_kbps, double made_kbps, double buffer_bytes = 150'000) {
    for (double passed = 0.25; passed <= seconds; passed += 0.25) {
      now_us_ += 250'000;
      outstanding_ = std::min(outstanding_ + made_kbps * 125 * 0.25, buffer_bytes);
      const double taken = std::min(outstanding_, link_kbps * 125 * 0.25);
      outstanding_ -= taken;
      acknowledged_ += taken;
      rate_.observe(static_cast<std::uint64_t>(acknowledged_), now_us_);
      if (watch_.observe({now_us_, live, static_cast<std::uint64_t>(outstanding_), rate_.kbps()})) {
        return passed;
      }
    }
    return -1;
  }
  bool live = true;

 private:
  StuckWatch watch_;
  DeliveredRate rate_;
  std::int64_t now_us_ = 1'000'000;
  double outstanding_ = 0, acknowledged_ = 0;
};

TEST(StuckWatchTest, ALinkThatCollapsesUnderAFullBufferIsLeftWithinFourSeconds) {
  for (const double kbps : {150.0, 96.0, 64.0, 20.0}) {
    SimulatedSocket socket;
    EXPECT_EQ(socket.run(10, 6'000, 1'000), -1);
    const double after = socket.run(30, kbps, 1'000);
    EXPECT_GT(after, 1.5) << kbps;
    EXPECT_LE(after, 4.5) << kbps;
  }
}

TEST(StuckWatchTest, ALinkThatWasAlwaysThinIsNotLeft) {
  SimulatedSocket socket;
  EXPECT_EQ(socket.run(120, 64, 1'000), -1);
}

TEST(StuckWatchTest, AShortFadeIsWaitedFor) {
  SimulatedSocket socket;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(socket.run(5, 3'000, 1'000), -1);
    EXPECT_EQ(socket.run(2, 20, 1'000), -1);
  }
}

TEST(StuckWatchTest, AFallThatLeavesLittleOnTheWayIsNoReason) {
  SimulatedSocket socket;
  EXPECT_EQ(socket.run(10, 6'000, 1'000, 20'000), -1);
  EXPECT_EQ(socket.run(60, 96, 1'000, 20'000), -1);  // 1.7 s
}

TEST(StuckWatchTest, BackfillAloneHoldsUpNobody) {
  SimulatedSocket socket;
  socket.live = false;
  EXPECT_EQ(socket.run(10, 6'000, 6'000), -1);
  EXPECT_EQ(socket.run(60, 64, 6'000), -1);
}

}  // namespace
}  // namespace sitecast::agent
