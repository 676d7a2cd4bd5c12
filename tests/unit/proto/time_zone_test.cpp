// SPDX-License-Identifier: Apache-2.0
#include "proto/base/time_zone.h"

#include <gtest/gtest.h>

namespace sitecast {
namespace {

TEST(TimeZoneTest, ADayBeginsAtMidnightThere) {
  const auto shanghai = TimeZone::load("Asia/Shanghai");
  ASSERT_TRUE(shanghai.ok()) << shanghai.error().message();
  constexpr std::int64_t kFourPm = 16LL * 3600 * 1'000'000;
  EXPECT_EQ(shanghai->day_of(kFourPm - 1), 0);
  EXPECT_EQ(shanghai->day_of(kFourPm), 1);
  EXPECT_EQ(shanghai->day_of(-1'000'000), 0);
  EXPECT_EQ(TimeZone().day_of(-1), -1);
}

TEST(TimeZoneTest, SummerTimeIsFollowed) {
  const auto berlin = TimeZone::load("Europe/Berlin");
  ASSERT_TRUE(berlin.ok());
  EXPECT_EQ(berlin->offset_s(1'767'225'600), 3600);  // 2026-01-01
  EXPECT_EQ(berlin->offset_s(1'782'864'000), 7200);  // 2026-07-01
}

TEST(TimeZoneTest, NamesThatLeadElsewhereAreNone) {
  for (const char* name : {"", "/etc/passwd", "../../../etc/passwd", "Asia/No_Such_Place"}) {
    EXPECT_FALSE(TimeZone::load(name).ok()) << name;
  }
}

TEST(TimeZoneTest, TornFilesAreNone) {
  Bytes file(44 + 6, 0);
  const std::string_view magic = "TZif";
  std::copy(magic.begin(), magic.end(), file.begin());
  file[20 + 19] = 1;  // one type
  EXPECT_TRUE(TimeZone::parse(file).ok());
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(TimeZone::parse(ByteView(file).first(size)).ok()) << size;
  }
  file[44] = 0x7F;  // the only offset there is: 67 years
  EXPECT_FALSE(TimeZone::parse(file).ok());
  file[44] = 0;
  file[20 + 12] = 0xFF;  // four thousand million changes
  EXPECT_FALSE(TimeZone::parse(file).ok());
}

}  // namespace
}  // namespace sitecast
