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

LinkWorldSettings alone() {
  LinkWorldSettings settings = plain();
  settings.films = false;
  return settings;
}

TEST(BackfillTest, AloneItUsesTheLinkAndKeepsLittleBeforeTheSocket) {
  for (const double kbps : {500.0, 6'000.0, 50'000.0}) {
    SCOPED_TRACE(::testing::Message() << kbps << " kbit/s");
    LinkWorld world(alone());
    world.add_document(4'000);
    std::uint64_t most = 0;
    world.set_rate(kbps);
    world.run(4);
    const double before = world.carried_bytes();
    world.run(12, [&] { most = std::max(most, world.machine().on_the_way_bytes()); });
    EXPECT_GE((world.carried_bytes() - before) / (kbps * 125 * 12), 0.97);
    // What TCP has on the way, what the kernel may hold and a block.
    const double path_bytes = kbps * 125 * 0.06;
    EXPECT_LE(static_cast<double>(most), std::max(14'600.0, 2 * path_bytes) + 262'144 + 66'000);
  }
}

TEST(BackfillTest, WhatTheSocketNeverSentIsNotCountedAsSentAgain) {
  LinkWorld world(alone());
  world.add_document(400);
  for (int cut = 0; cut < 4; ++cut) {
    world.set_rate(6'000);
    world.run(6);
    world.set_rate(0);
    world.run(2);
  }
  world.set_rate(6'000);
  world.run(60);
  EXPECT_EQ(world.missing(), 0U);
  const DeliveryState state = world.machine().state();
  ASSERT_EQ(state.cuts, 4U);
  // Each cut costs what TCP had on the way, in whole blocks; what the hub had not committed had
  // arrived.
  const std::uint64_t path_bytes = 2 * 45'000, uncommitted_bytes = 150'000;
  EXPECT_LE(state.cut_in_flight_most_bytes, path_bytes + uncommitted_bytes + 65'536);
  EXPECT_GT(state.sent_again_bytes, 0U);
  EXPECT_LE(state.sent_again_bytes, 4 * (path_bytes + 2 * 65'536));
}

}  // namespace
}  // namespace sitecast::agent
