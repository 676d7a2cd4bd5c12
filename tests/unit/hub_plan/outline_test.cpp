// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/outline.h"

#include <gtest/gtest.h>

namespace sitecast::hub {
namespace {

std::vector<std::uint32_t> levels(std::initializer_list<const char*> numbers) {
  Outline outline;
  std::vector<std::uint32_t> result;
  for (const char* number : numbers) {
    const auto style = number_style(number, true);
    result.push_back(style ? outline.level_of(*style) : 0);
  }
  return result;
}

using Levels = std::vector<std::uint32_t>;

TEST(OutlineTest, ChineseNumberingNests) {
  EXPECT_EQ(levels({"一", "（一）", "1", "2", "（二）", "3", "二", "（一）", "4"}),
            (Levels{1, 2, 3, 3, 2, 3, 1, 2, 3}));
}

TEST(OutlineTest, DottedNumbersNestByTheirParts) {
  EXPECT_EQ(levels({"1", "1.1", "1.1.1", "1.2", "2", "2.1.1", "3"}), (Levels{1, 2, 3, 2, 1, 2, 1}));
  EXPECT_EQ(levels({"1、", "(1)", "(2)", "①", "2、"}), (Levels{1, 2, 2, 3, 1}));
}

TEST(OutlineTest, ANameBeginsWithANumberOnlyWithAMarkBehindIt) {
  EXPECT_TRUE(number_style("一、土建工程", false));
  EXPECT_TRUE(number_style("1.1 土方", false));
  EXPECT_TRUE(number_style("1.1土方", false));
  EXPECT_FALSE(number_style("一层梁板", false));
  EXPECT_FALSE(number_style("1#厂房", false));
  EXPECT_FALSE(number_style("10kV 电缆", false));
}

TEST(OutlineTest, IndentsNest) {
  Outline outline;
  Levels result;
  for (const std::size_t indent : {0, 2, 4, 4, 2, 0}) {
    result.push_back(outline.level_of_indent(indent));
  }
  EXPECT_EQ(result, (Levels{1, 2, 3, 3, 2, 1}));
}

}  // namespace
}  // namespace sitecast::hub
