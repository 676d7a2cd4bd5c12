// SPDX-License-Identifier: Apache-2.0
// Voice on a link that collapses while pictures of a better time wait to be filled in.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/unit/agent_publish/link_world.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kBehind = 20;  // parts of 100 ms

// Filmed at its best through twelve seconds without a link and six with one: the rest waits.
void film_and_collapse(LinkWorld& world, double kbps) {
  world.run(12);
  world.set_rate(6'000);
  world.run(6);
  ASSERT_GT(world.missing(), 100U);
  world.set_rate(kbps);
}

TEST(ThinLinkTest, VoiceIsBackFifteenSecondsAfterACollapseAndStays) {
  for (int way = 0; way < 32; ++way) {
    LinkWorldSettings settings;
    settings.queue_bytes = way % 2 == 0 ? 0 : 64'000;
    settings.thin_share = std::array{0.2, 0.4, 0.7, 1.0}[way / 2 % 4];  // much or little to see
    const double kbps = std::array{75.0, 96.0, 130.0, 180.0}[way / 8];
    SCOPED_TRACE(::testing::Message() << kbps << " kbit/s, queue " << settings.queue_bytes
                                      << ", share " << settings.thin_share);
    LinkWorld world(settings);
    film_and_collapse(world, kbps);
    world.run(15);
    std::uint64_t most = 0;
    world.run(120, [&] { most = std::max(most, world.voice_behind()); });
    EXPECT_LE(most, kBehind);
    EXPECT_GT(world.rung().link_kbps(), 0U) << "voice was given up";
  }
}

TEST(ThinLinkTest, ALongerPathAfterACutIsNotTakenForAQueue) {
  LinkWorld world;
  world.set_rate(20'000);
  world.run(15);
  world.set_rate(0);
  world.run(5);
  world.set_one_way_us(400'000);
  world.set_rate(20'000);
  world.run(40);
  EXPECT_EQ(world.rung().name, "full");
}

TEST(ThinLinkTest, PicturesAreFilledInWhenTheLinkIsBack) {
  LinkWorld world;
  film_and_collapse(world, 96);
  world.run(40);
  ASSERT_GT(world.missing(), 100U);
  world.set_rate(6'000);
  world.run(60);
  EXPECT_LT(world.missing(), 60U);
  EXPECT_EQ(world.rung().name, "full");
}

}  // namespace
}  // namespace sitecast::agent
