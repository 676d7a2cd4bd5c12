// SPDX-License-Identifier: Apache-2.0
// What backfill makes of a link, and what it costs the newest moment.
#include <gtest/gtest.h>

#include "tests/support/time_units.h"
#include "tests/unit/agent_publish/link_world.h"

namespace sitecast::agent {
namespace {

using test::kMs;

LinkWorldSettings plain(double queue_ms = 100) {
  LinkWorldSettings settings;
  settings.live = {"full", 1'000, 640, 360, 30, 0, 48};
  settings.adapts = false;
  settings.queue_ms = queue_ms;
  return settings;
}

std::int64_t delay_without_backfill_us(double kbps) {
  LinkWorld world(plain());
  world.set_rate(kbps);
  world.run(5);
  world.forget_delays();
  world.run(20);
  EXPECT_LT(world.missing(), 20U);
  return world.live_delay_us(0.95);
}

// Share of the link that is used from two seconds after it is back on.
double used_share(LinkWorld& world, double kbps, double seconds) {
  world.set_rate(kbps);
  world.run(4);
  world.forget_delays();
  const double before = world.carried_bytes();
  world.run(seconds);
  EXPECT_GT(world.missing(), 100U) << "nothing is left to fill in: the share means nothing";
  return (world.carried_bytes() - before) / (kbps * 125 * seconds);
}

TEST(BackfillTest, WithLiveItUsesALinkAndLiveHardlyWaits) {
  // On 3 Mbit/s one picture takes 11 ms.
  for (const auto& [kbps, rise_ms] : {std::pair{3'000.0, 35}, {6'000.0, 20}, {20'000.0, 20}}) {
    SCOPED_TRACE(::testing::Message() << kbps << " kbit/s");
    LinkWorld world(plain());
    world.run(200);  // no link
    EXPECT_GE(used_share(world, kbps, 8), 0.92);
    EXPECT_LE(world.live_delay_us(0.95), delay_without_backfill_us(kbps) + rise_ms * kMs);
  }
}

TEST(BackfillTest, ItGoesOnLikeThatForMinutes) {
  LinkWorld world(plain());
  world.run(1'500);
  EXPECT_GE(used_share(world, 6'000, 240), 0.92);
  EXPECT_LE(world.live_delay_us(0.95), delay_without_backfill_us(6'000) + 20 * kMs);
}

TEST(BackfillTest, BlocksOf64KiBUseALinkAsWell) {
  LinkWorld world(plain());
  world.add_document(400);
  EXPECT_GE(used_share(world, 6'000, 20), 0.92);
  // A part is the unit of sending: 87 ms.
  EXPECT_LE(world.live_delay_us(0.95), delay_without_backfill_us(6'000) + 110 * kMs);
}

TEST(BackfillTest, ALinkThatBecomesBetterIsUsedSoon) {
  LinkWorld world(plain());
  world.run(200);
  EXPECT_GE(used_share(world, 2'000, 10), 0.9);
  EXPECT_GE(used_share(world, 12'000, 8), 0.9);
}

}  // namespace
}  // namespace sitecast::agent
