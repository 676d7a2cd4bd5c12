// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/link.h"

#include <gtest/gtest.h>

#include "proto/base/file.h"
#include "tests/support/temp_dir.h"

namespace sitecast::link {
namespace {

class LinkTest : public ::testing::Test {
 protected:
  void tell(const std::string& line, std::int64_t at_ns = 0) {
    const Status done = link.apply(line, at_ns);
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().message());
  }
  // When a packet of 1,000 bytes that a side sends now comes to the other; -1: never.
  std::int64_t takes_ms(Side from, std::int64_t now_ns = 0) {
    link.take(from, Packet(1000), now_ns);
    const Side to = from == Side::kDevice ? Side::kHub : Side::kDevice;
    for (std::int64_t due_ns; (due_ns = link.due_ns()) != kNever;) {
      if (link.pop(to, due_ns)) return (due_ns - now_ns) / kMsNs;
    }
    return -1;
  }
  Link link{1};
};

TEST_F(LinkTest, IsAWireUntilItIsToldOtherwise) {
  EXPECT_EQ(takes_ms(Side::kDevice), 0);
  EXPECT_EQ(takes_ms(Side::kHub), 0);
}

TEST_F(LinkTest, ASettingIsForOneDirectionOrForBoth) {
  tell("delay 30");
  tell("uplink rate 80k");
  EXPECT_EQ(takes_ms(Side::kDevice), 130);
  EXPECT_EQ(takes_ms(Side::kHub, 200 * kMsNs), 30);
  tell("rate unlimited", 300 * kMsNs);
  tell("downlink delay 1.5", 300 * kMsNs);
  EXPECT_EQ(takes_ms(Side::kDevice, 300 * kMsNs), 30);
  EXPECT_EQ(takes_ms(Side::kHub, 400 * kMsNs), 1);
}

TEST_F(LinkTest, HalfOpenIsOneWayOnlyAndUpMakesItWhole) {
  tell("half-open downlink");
  EXPECT_EQ(takes_ms(Side::kDevice), 0);
  EXPECT_EQ(takes_ms(Side::kHub), -1);
  tell("half-open uplink");
  EXPECT_EQ(takes_ms(Side::kDevice), -1);
  EXPECT_EQ(takes_ms(Side::kHub), 0);
  tell("up");
  EXPECT_EQ(takes_ms(Side::kDevice), 0);
  tell("down");
  EXPECT_EQ(takes_ms(Side::kHub), -1);
  EXPECT_EQ(link.counters()["downlink"]["dropped_down"], 2);
}

TEST_F(LinkTest, ATraceIsReadFromItsFileAndBeginsNow) {
  const TempDir folder;
  const auto path = folder.path() / "trace";
  ASSERT_TRUE(write_file_durably(path, as_bytes(std::string_view("7\n9\n"))).ok());
  tell("uplink trace " + path.string(), 100 * kMsNs);
  EXPECT_EQ(takes_ms(Side::kDevice, 100 * kMsNs), 7);
  EXPECT_FALSE(link.apply("trace /nowhere", 0).ok());
}

TEST_F(LinkTest, AWrongLineIsRefusedWithWhatIsWrong) {
  const auto why = [&](const std::string& line) {
    const Status done = link.apply(line, 0);
    return done.ok() ? std::string() : done.error().message();
  };
  EXPECT_EQ(why(""), "'' is no command");
  EXPECT_EQ(why("uplink"), "'' is no command");
  EXPECT_EQ(why("uplink sideways 3"), "'sideways 3' is no command");
  EXPECT_EQ(why("delay"), "'delay' is no command");
  EXPECT_EQ(why("delay soon"), "'soon' is no number");
  EXPECT_EQ(why("loss 101"), "'101' is more than 100 percent");
  EXPECT_EQ(why("rate fast"), "'fast' is no amount like 1000, 64k or 1.5M");
  EXPECT_EQ(why("portal 70000"), "'70000' is no port");
  EXPECT_EQ(why("reset maybe"), "'maybe' is neither on nor off");
  EXPECT_NE(why("half-open both"), "");
}

TEST_F(LinkTest, EveryByteIsCountedInOrOut) {
  tell("loss 20");
  tell("duplicate 10");
  tell("rate 8M");
  tell("queue 5000");
  for (int i = 0; i < 1000; ++i) {
    link.take(Side::kDevice, Packet(500), i * kMsNs / 4);
    while (link.pop(Side::kHub, i * kMsNs / 4)) {
    }
  }
  while (link.due_ns() != kNever) link.pop(Side::kHub, link.due_ns());
  const nlohmann::json counted = link.counters()["uplink"];
  const auto bytes = [&](const char* name) { return counted[name].get<std::uint64_t>(); };
  EXPECT_EQ(bytes("bytes_in"), 500'000U);
  EXPECT_GT(bytes("dropped_queue"), 0U);
  EXPECT_GT(bytes("dropped_loss"), 0U);
  EXPECT_EQ(bytes("bytes_in") + 500 * bytes("duplicated"),
            bytes("bytes_out") + bytes("dropped_bytes"));
  tell("clear");
  EXPECT_EQ(link.counters()["uplink"]["bytes_in"], 0);
}

TEST(AmountTest, HasDecimalPrefixes) {
  EXPECT_EQ(*parse_amount("1000"), 1000U);
  EXPECT_EQ(*parse_amount("64k"), 64'000U);
  EXPECT_EQ(*parse_amount("1.5M"), 1'500'000U);
  EXPECT_FALSE(parse_amount("k").ok());
  EXPECT_FALSE(parse_amount("-1").ok());
  EXPECT_FALSE(parse_amount("1e30").ok());
}

}  // namespace
}  // namespace sitecast::link
