// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/broker_address.h"

#include <gtest/gtest.h>

namespace sitecast::agent {
namespace {

TEST(BrokerAddressTest, PlainIsForThisMachineOnly) {
  for (const char* url :
       {"mqtt://localhost:1883", "mqtt://127.0.0.1:1883", "mqtt://127.8.9.10:1",
        "mqtt://127.255.255.255:65535", "mqtt://[::1]:1883", "mqtt://[0:0:0:0:0:0:0:1]:1883"}) {
    const auto address = parse_broker_url(url);
    ASSERT_TRUE(address.ok()) << address.error().message();
    EXPECT_FALSE(address->tls);
  }
  for (const char* host : {"localhost.evil.com",
                           "127.0.0.1.nip.io",
                           "127.evil.com",
                           "127.",
                           "127.1",
                           "127.0.0.1.",
                           "127.0.0.256",
                           "0127.0.0.1",
                           "notlocalhost",
                           "localhost.",
                           "LOCALHOST.example",
                           "126.255.255.255",
                           "128.0.0.1",
                           "10.0.0.1",
                           "0.0.0.0",
                           "hub.example",
                           "[::2]",
                           "[::]",
                           "[::ffff:10.0.0.1]",
                           "[fe80::1]",
                           "2130706433",
                           "0x7f.0.0.1"}) {
    const auto address = parse_broker_url(std::string("mqtt://") + host + ":1883");
    ASSERT_FALSE(address.ok()) << host;
    EXPECT_EQ(address.error().kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(address.error().message().find("use mqtts://"), std::string::npos)
        << address.error().message();
    EXPECT_EQ(parse_broker_url(std::string("mqtts://") + host + ":1883").ok(), host[0] != '[');
  }
}

TEST(BrokerAddressTest, HostAndPortAreTakenApart) {
  auto address = parse_broker_url("mqtts://hub.example:8883");
  ASSERT_TRUE(address.ok());
  EXPECT_TRUE(address->tls);
  EXPECT_EQ(address->host, "hub.example");
  EXPECT_EQ(address->port, 8883);
  address = parse_broker_url("mqtt://[::1]:1883");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "::1");
}

TEST(BrokerAddressTest, AnIpv6AddressWithTlsIsRefusedSinceItsCertificateCannotBeChecked) {
  const auto address = parse_broker_url("mqtts://[2001:db8::7]:8883");
  ASSERT_FALSE(address.ok());
  EXPECT_NE(address.error().message().find("use a host name"), std::string::npos);
}

TEST(BrokerAddressTest, AnythingElseIsNoAddress) {
  for (const char* url : {"",
                          "hub.example:8883",
                          "http://127.0.0.1:1883",
                          "mqtt:127.0.0.1:1883",
                          "MQTT://localhost:1",
                          "mqtts://",
                          "mqtts://:8883",
                          "mqtts://hub.example",
                          "mqtts://hub.example:",
                          "mqtts://hub.example:0",
                          "mqtts://hub.example:65536",
                          "mqtts://hub.example:88x",
                          "mqtts://hub.example:8883/",
                          "mqtts://hub.example:-1",
                          "mqtts://hub.example/x:8883",
                          "mqtts://a b:8883",
                          "mqtts://[hub.example]x:8883",
                          "mqtts://a:b:8883",
                          "mqtt://127.0.0.1\n:1883",
                          "mqtt://localhost#x:1883"}) {
    const auto address = parse_broker_url(url);
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(address.error().message().find(std::string("'") + url + "'"), std::string::npos);
  }
}

TEST(BrokerAddressTest, APasswordInTheUrlIsRefusedAndNotRepeated) {
  for (const char* url : {"mqtts://me:secret@hub.example:8883", "mqtt://secret@127.0.0.1:1883",
                          "mqtt://127.0.0.1:1883@secret.example:1883"}) {
    const auto address = parse_broker_url(url);
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().message().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace sitecast::agent
