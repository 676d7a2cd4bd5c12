// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "proto/codec/limits.h"
#include "viewer/gateway/tunnel/packet_gate.h"

namespace sitecast::gateway {
namespace {

constexpr std::string_view kDevice = "AZNafIABcAGAAQIDBAUGDQ";

struct Connect {
  std::string protocol = "MQTT";
  char version = 5;
  char flags = '\xc2';  // username, password, clean start
  std::string username = std::string(kDevice);
  std::string password = "secret";
  std::string after;  // within the packet
};

std::string text(std::string_view content) {
  std::string out;
  out += static_cast<char>(content.size() >> 8);
  out += static_cast<char>(content.size() & 0xff);
  return out += content;
}

std::string packet(char first, const std::string& body) {
  std::string out(1, first);
  std::size_t size = body.size();
  do {
    out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80U : 0U));
    size >>= 7;
  } while (size > 0);
  return out + body;
}

std::string connect(const Connect& with = {}) {
  std::string body = text(with.protocol) + with.version + with.flags + std::string("\0\x3c", 2);
  body += '\0';  // properties
  body += text("phone");
  if ((with.flags & 0x04) != 0) body += std::string(1, '\0') + text("topic") + text("will");
  body += text(with.username) + text(with.password) + with.after;
  return packet(0x10, body);
}

std::string publish(std::size_t size) { return packet(0x30, std::string(size, 'p')); }

// What the gate lets through of pieces of `step` bytes; "refused" is added where it stops.
std::string through(const std::string& stream, std::size_t step) {
  PacketGate gate;
  std::string passed;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    const std::string piece = stream.substr(at, step);
    if (!gate.take(as_bytes(piece)).ok()) return passed + "refused";
    passed += to_string(gate.forward());
  }
  return passed;
}

TEST(PacketGateTest, WhatADeviceSaysPassesUnchangedHoweverItIsCut) {
  Connect with_will;
  with_will.flags = '\xc6';
  for (const Connect& with : {Connect{}, with_will}) {
    const std::string stream = connect(with) + publish(300) + std::string("\x40\x02\0\1", 4) +
                               packet('\x82', "s") + publish(0) + packet('\xa2', "u") +
                               packet('\xc0', "") + packet(0x32, "q") + packet('\xe0', "");
    for (std::size_t step = 1; step <= stream.size(); ++step) {
      ASSERT_EQ(through(stream, step), stream) << step;
    }
  }
}

TEST(PacketGateTest, NothingPassesBeforeTheConnectIsWhole) {
  const std::string whole = connect();
  PacketGate gate;
  ASSERT_TRUE(gate.take(as_bytes(whole).first(whole.size() - 1)).ok());
  EXPECT_TRUE(gate.forward().empty());
  EXPECT_FALSE(gate.connected());
  ASSERT_TRUE(gate.take(as_bytes(whole).last(1)).ok());
  EXPECT_EQ(to_string(gate.forward()), whole);
}

TEST(PacketGateTest, AnythingElseAtTheFrontIsRefusedWithoutAByte) {
  std::vector<std::string> streams = {"GET / HTTP/1.1\r\n\r\n", publish(3), packet('\xc0', ""),
                                      std::string("\x10\xff\xff\xff\xff\x7f", 6),
                                      packet(0x10, std::string(300'000, 'x')).substr(0, 4)};
  const auto add = [&](const std::function<void(Connect&)>& change) {
    Connect with;
    change(with);
    streams.push_back(connect(with));
  };
  add([](Connect& with) { with.protocol = "MQIsdp"; });
  add([](Connect& with) { with.version = 4; });
  add([](Connect& with) { with.flags = '\xc3'; });
  add([](Connect& with) { with.flags = '\x82'; });  // no password
  add([](Connect& with) { with.password = ""; });
  add([](Connect& with) { with.username = "hub"; });
  add([](Connect& with) { with.username = "gateway-publisher"; });
  add([](Connect& with) { with.username = std::string(22, 'A'); });  // nil
  add([](Connect& with) { with.after = "x"; });
  for (const std::string& stream : streams) {
    for (const std::size_t step : {std::size_t{1}, stream.size()}) {
      EXPECT_EQ(through(stream, step), "refused") << stream.substr(0, 40);
    }
  }
}

TEST(PacketGateTest, WhatNoDeviceSaysEndsIt) {
  for (const std::string& wrong :
       {connect(), packet(0x34, "qos 2"), packet(0x36, "qos 3"), packet(0x20, "connack"),
        packet(0x62, "pubrel"), packet('\xf0', "auth"), packet('\x80', "flags"),
        std::string("\x30\xff\xff\xff\xff\x01", 6)}) {
    EXPECT_TRUE(through(connect() + wrong, 1).ends_with("refused"));
    EXPECT_EQ(through(connect() + wrong, 1'000'000), "refused");
  }
}

TEST(PacketGateTest, APacketIsAtMostAsLargeAsTheBrokerTakes) {
  const std::string largest = publish(limits::kMqttPacketBytes).substr(0, 5);
  const std::string larger = publish(limits::kMqttPacketBytes + 1).substr(0, 5);
  EXPECT_EQ(through(connect() + largest, 4096), connect() + largest);
  EXPECT_EQ(through(connect() + larger, 4096), "refused");
}

}  // namespace
}  // namespace sitecast::gateway
