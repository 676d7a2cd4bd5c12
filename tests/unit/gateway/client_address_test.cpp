// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/client_address.h"

#include <gtest/gtest.h>

namespace sitecast::gateway {
namespace {

const std::vector<std::string> kProxies = {"10.0.0.1", "2001:db8::1"};

TEST(ClientAddressTest, NobodyButATrustedProxySaysWhoAsks) {
  EXPECT_EQ(client_address("203.0.113.7", "198.51.100.1", kProxies), "203.0.113.7");
  EXPECT_EQ(client_address("203.0.113.7", "198.51.100.1", {}), "203.0.113.7");
  EXPECT_EQ(client_address("10.0.0.1", "198.51.100.1", kProxies), "198.51.100.1");
  EXPECT_EQ(client_address("2001:db8::1", "2001:db8:0:5::0:2", kProxies), "2001:db8:0:5::2");
}

TEST(ClientAddressTest, WhatTheClientWroteItselfCountsForNothing) {
  EXPECT_EQ(client_address("10.0.0.1", "1.2.3.4, 198.51.100.1", kProxies), "198.51.100.1");
  EXPECT_EQ(client_address("10.0.0.1", "1.2.3.4,198.51.100.1 ,2001:db8:0::1", kProxies),
            "198.51.100.1");
}

TEST(ClientAddressTest, AMissingOrMalformedFieldLeavesTheProxysOwnAddress) {
  for (const auto* field : {"", " ", ",", "unknown", "198.51.100.1, secret", "10.0.0.1"}) {
    EXPECT_EQ(client_address("10.0.0.1", field, kProxies), "10.0.0.1") << field;
  }
}

TEST(ClientAddressTest, AddressesHaveOneWayOfBeingWritten) {
  EXPECT_EQ(canonical_address("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_address("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_FALSE(canonical_address("10.0.0"));
  EXPECT_FALSE(canonical_address("site.example"));
}

}  // namespace
}  // namespace sitecast::gateway
