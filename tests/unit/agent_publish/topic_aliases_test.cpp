// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/topic_aliases.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sitecast::agent {
namespace {

TEST(TopicAliasesTest, ATopicIsNamedOnceAndThenShort) {
  TopicAliases aliases;
  const auto first = aliases.use("video", 10);
  EXPECT_EQ(first.alias, 1);
  EXPECT_FALSE(first.known);
  EXPECT_TRUE(aliases.use("video", 10).known);
  EXPECT_EQ(aliases.use("video", 10).alias, 1);
  EXPECT_EQ(aliases.use("audio", 10).alias, 2);
}

TEST(TopicAliasesTest, ABrokerThatTakesNoneGetsNone) {
  TopicAliases aliases;
  EXPECT_EQ(aliases.use("video", 0).alias, 0);
  EXPECT_FALSE(aliases.use("video", 0).known);
}

// What the broker resolves is what was meant, whichever topics come.
TEST(TopicAliasesTest, TheBrokerAlwaysKnowsWhatAShortNameStandsFor) {
  for (const std::uint16_t most : std::initializer_list<std::uint16_t>{1, 2, 10, 65535}) {
    TopicAliases aliases;
    std::map<std::uint16_t, std::string> broker;
    std::mt19937 random(most);
    for (int i = 0; i < 1000; ++i) {
      const std::string topic = "t" + std::to_string(random() % 40);
      const auto use = aliases.use(topic, most);
      ASSERT_GE(use.alias, 1);
      ASSERT_LE(use.alias, most);
      if (!use.known) broker[use.alias] = topic;
      ASSERT_EQ(broker.at(use.alias), topic);
    }
  }
}

TEST(TopicAliasesTest, TheLeastRecentlyUsedGivesWay) {
  TopicAliases aliases;
  aliases.use("a", 2);
  aliases.use("b", 2);
  aliases.use("a", 2);
  aliases.use("c", 2);
  EXPECT_TRUE(aliases.use("a", 2).known);
  EXPECT_FALSE(aliases.use("b", 2).known);
}

}  // namespace
}  // namespace sitecast::agent
