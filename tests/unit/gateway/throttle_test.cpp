// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/throttle.h"
#include "tests/support/time_units.h"

#include <gtest/gtest.h>

namespace sitecast::gateway {
namespace {

using test::kSecond;

class ThrottleTest : public testing::Test {
 protected:
  void fail(const std::string& user, const std::string& address, int times) {
    for (int i = 0; i < times; ++i) throttle_.begin(user, address, now_us_);
  }
  bool waits(const std::string& user, const std::string& address) {
    return throttle_.wait_seconds(user, address, now_us_).has_value();
  }
  SignInThrottle throttle_;
  std::int64_t now_us_ = 1000 * kSecond;
};

TEST_F(ThrottleTest, TheSixthWrongPasswordWaitsAndLongerEachTime) {
  fail("ana", "203.0.113.7", 4);
  EXPECT_FALSE(waits("ana", "203.0.113.7"));
  fail("ana", "203.0.113.7", 1);
  EXPECT_EQ(throttle_.wait_seconds("ana", "203.0.113.7", now_us_), 1);
  fail("ana", "203.0.113.7", 3);
  EXPECT_EQ(throttle_.wait_seconds("ana", "203.0.113.7", now_us_), 8);
  now_us_ += 8 * kSecond;
  EXPECT_FALSE(waits("ana", "203.0.113.7"));
}

TEST_F(ThrottleTest, AGuesserLocksOutNobodyElse) {
  fail("ana", "203.0.113.7", 20);
  EXPECT_TRUE(waits("ana", "203.0.113.7"));
  EXPECT_FALSE(waits("ana", "198.51.100.1"));
  EXPECT_FALSE(waits("olga", "203.0.113.7"));
}

TEST_F(ThrottleTest, WhoHasSignedInFromAnAddressIsNotHeldByItsOtherGuessers) {
  throttle_.begin("olga", "203.0.113.7", now_us_);
  throttle_.succeeded("olga", "203.0.113.7", now_us_);
  for (int i = 0; i < 40; ++i) fail("user" + std::to_string(i), "203.0.113.7", 1);
  EXPECT_TRUE(waits("new", "203.0.113.7"));
  EXPECT_FALSE(waits("olga", "203.0.113.7"));
}

TEST_F(ThrottleTest, ManyAddressesAgainstOneAccountAreSlowedToo) {
  for (int i = 0; i < 120; ++i) fail("ana", "203.0.113." + std::to_string(i), 1);
  EXPECT_TRUE(waits("ana", "198.51.100.1"));
  EXPECT_FALSE(waits("olga", "198.51.100.1"));
}

TEST_F(ThrottleTest, ATryThatWasNotLookedAtIsNoFailure) {
  for (int i = 0; i < 200; ++i) {
    now_us_ += kSecond;
    ASSERT_FALSE(waits("ana", "203.0.113.7")) << i;
    const auto begun = throttle_.begin("ana", "203.0.113.7", now_us_);
    throttle_.withdrawn("ana", "203.0.113.7", begun);
  }
  // Those that were looked at still count, and their wait does not begin anew.
  fail("ana", "203.0.113.7", 5);
  EXPECT_TRUE(waits("ana", "203.0.113.7"));
  now_us_ += kSecond;
  const auto begun = throttle_.begin("ana", "203.0.113.7", now_us_);
  throttle_.withdrawn("ana", "203.0.113.7", begun);
  EXPECT_FALSE(waits("ana", "203.0.113.7"));
}

TEST_F(ThrottleTest, AnIpv6NetworkIsOneAddress) {
  EXPECT_EQ(throttle_address("2001:db8::1"), throttle_address("2001:db8::ffff:2"));
  EXPECT_NE(throttle_address("2001:db8::1"), throttle_address("2001:db8:1::1"));
}

TEST_F(ThrottleTest, SuccessForgetsThePairsFailuresAndTimeHalvesThem) {
  fail("ana", "203.0.113.7", 6);
  throttle_.succeeded("ana", "203.0.113.7", now_us_);
  EXPECT_FALSE(waits("ana", "203.0.113.7"));
  fail("olga", "203.0.113.7", 6);
  now_us_ += 3600 * kSecond;
  fail("olga", "203.0.113.7", 1);
  EXPECT_FALSE(waits("olga", "203.0.113.7"));
}

}  // namespace
}  // namespace sitecast::gateway
