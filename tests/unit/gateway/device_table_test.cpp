// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/device_table.h"
#include "tests/support/time_units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sitecast::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using test::kSecond;
constexpr std::int64_t kNow = 1'700'000'000 * kSecond;

class DeviceTableTest : public testing::Test {
 protected:
  static v1::DeviceStatus online(std::uint64_t waiting_ms, std::int64_t at_us = kNow) {
    v1::DeviceStatus status;
    status.set_online(true);
    status.set_at_us(at_us);
    status.set_waiting_ms(waiting_ms);
    return status;
  }
  static v1::DeviceStatus away(bool lost, std::uint64_t waiting_ms, std::int64_t at_us) {
    v1::DeviceStatus status = online(waiting_ms, at_us);
    status.set_online(false);
    status.set_lost(lost);
    return status;
  }
  std::vector<ProjectId> say(const v1::DeviceStatus& status, std::int64_t now_us = kNow,
                             bool retained = false) {
    return table.on_status(project, device, status, retained, now_us);
  }
  DeviceHolding only() {
    const auto all = table.of(project);
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }

  DeviceTable table;
  ProjectId project = ProjectId::make();
  ProjectId other = ProjectId::make();
  DeviceId device = DeviceId::make();
};

TEST_F(DeviceTableTest, ALastWillForgetsNothingThatWasSaidAfterTheConnectionBegan) {
  say(online(5000, kNow + kSecond));
  say(away(true, 0, kNow), kNow + 40 * kSecond);
  EXPECT_EQ(only().presence, Presence::kLost);
  EXPECT_EQ(only().said.waiting_ms(), 5000U);
  EXPECT_EQ(only().gone_at_us, kNow + 40 * kSecond);
}

TEST_F(DeviceTableTest, ALastWillIsBetterThanNothing) {
  say(away(true, 7000, kNow), kNow + kSecond, true);
  EXPECT_EQ(only().said.waiting_ms(), 7000U);
  EXPECT_EQ(only().gone_at_us, std::nullopt) << "when it went nobody heard";
}

TEST_F(DeviceTableTest, ADeviceThatFilmedIsGoneSinceItsLastPart) {
  say(online(0));
  table.on_part(device, kNow + 10 * kSecond);
  say(away(true, 0, kNow), kNow + 30 * kSecond);
  EXPECT_EQ(only().gone_at_us, kNow + 10 * kSecond);
  EXPECT_EQ(only().seen_at_us, kNow + 10 * kSecond);
}

TEST_F(DeviceTableTest, AGoodbyeBringsItsOwnFigures) {
  say(online(5000));
  say(away(false, 6000, kNow + kSecond), kNow + 2 * kSecond);
  EXPECT_EQ(only().presence, Presence::kGone);
  EXPECT_EQ(only().said.waiting_ms(), 6000U);
  EXPECT_EQ(only().gone_at_us, kNow + 2 * kSecond);
}

TEST_F(DeviceTableTest, WhoComesBackIsThere) {
  say(away(true, 5000, kNow));
  say(online(100, kNow + kSecond), kNow + kSecond);
  EXPECT_EQ(only().presence, Presence::kOnline);
  EXPECT_EQ(only().gone_at_us, std::nullopt);
  EXPECT_EQ(only().said.waiting_ms(), 100U);
}

TEST_F(DeviceTableTest, PresenceHoldsForEveryProjectOfTheDevice) {
  say(online(5000));
  EXPECT_THAT(table.on_status(other, device, online(1), false, kNow), ElementsAre(other));
  EXPECT_THAT(say(away(true, 0, kNow)), UnorderedElementsAre(project, other));
  EXPECT_EQ(table.of(other).at(0).presence, Presence::kLost);
  EXPECT_EQ(table.of(other).at(0).said.waiting_ms(), 1U);
}

TEST_F(DeviceTableTest, WithoutABrokerNobodyIsKnownToBeThere) {
  say(online(5000));
  EXPECT_THAT(table.on_disconnected(), ElementsAre(project));
  EXPECT_EQ(only().presence, Presence::kUnknown);
  EXPECT_EQ(only().said.waiting_ms(), 5000U);
  EXPECT_THAT(table.on_disconnected(), IsEmpty());
  say(online(5000));
  EXPECT_EQ(only().presence, Presence::kOnline);
}

TEST_F(DeviceTableTest, AnotherProjectKnowsNothingOfIt) {
  say(online(5000));
  EXPECT_THAT(table.of(other), IsEmpty());
}

TEST_F(DeviceTableTest, MemoryIsBounded) {
  v1::DeviceStatus status = online(1);
  for (int i = 0; i < 64; ++i) status.add_items();
  for (int i = 0; i < 1000; ++i) status.add_live()->set_capture_id("0123456789abcdef");
  say(status);
  EXPECT_EQ(only().said.items_size(), DeviceTable::kItems);
  EXPECT_EQ(only().said.live_size(), 1) << "that it films is all that is kept";
  for (std::size_t i = 1; i < DeviceTable::kProjectsPerDevice; ++i) {
    table.on_status(ProjectId::make(), device, online(1), false, kNow);
  }
  EXPECT_EQ(table.refused(), 0U);
  table.on_status(ProjectId::make(), device, online(1), false, kNow);
  EXPECT_EQ(table.refused(), 1U);
  for (std::size_t i = 1; i < DeviceTable::kDevices; ++i) {
    table.on_status(project, DeviceId::make(), online(1), false, kNow);
  }
  EXPECT_EQ(table.refused(), 1U);
  const DeviceId late = DeviceId::make();
  EXPECT_THAT(table.on_status(project, late, online(1), false, kNow), IsEmpty());
  EXPECT_EQ(table.refused(), 2U);
  EXPECT_THAT(say(online(2)), ElementsAre(project)) << "who is known goes on being heard";
}

}  // namespace
}  // namespace sitecast::gateway
