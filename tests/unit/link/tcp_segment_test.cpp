// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/tcp_segment.h"

#include <gtest/gtest.h>

#include "tests/support/link/meddler.h"

namespace sitecast::link {
namespace {

// A segment from 10.77.0.1:port to 10.77.0.2:port as a kernel would send it.
Packet segment(std::uint16_t from, std::uint16_t to, std::uint8_t flags, std::size_t payload = 0,
               std::uint32_t sequence = 1000, std::uint32_t acknowledgement = 2000) {
  Packet packet = {0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2};
  packet.resize(40 + payload, 0xab);
  const auto put = [&](std::size_t at, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      packet[at + static_cast<std::size_t>(i)] =
          static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
    }
  };
  put(2, static_cast<std::uint32_t>(packet.size()), 2);
  put(10, ip_checksum(packet), 2);
  put(20, from, 2);
  put(22, to, 2);
  put(24, sequence, 4);
  put(28, acknowledgement, 4);
  put(32, 0x50, 1);
  put(33, flags, 1);
  put(34, 0xffff, 2);
  put(36, 0, 4);
  put(36, tcp_checksum(packet, *read_tcp(packet)), 2);
  return packet;
}
constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

void expect_right(const Packet& packet) {
  const auto read = read_tcp(packet);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ip_checksum(packet), 0);
  EXPECT_EQ(tcp_checksum(packet, *read), 0);
}

TEST(TcpSegmentTest, IsReadFromAPacket) {
  const auto read = read_tcp(segment(5000, 8883, kSyn | kAck, 7));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->source, 0x0a4d0001U);
  EXPECT_EQ(read->destination_port, 8883);
  EXPECT_EQ(read->sequence, 1000U);
  EXPECT_EQ(read->acknowledgement, 2000U);
  EXPECT_TRUE(read->syn && read->ack && !read->fin && !read->rst);
  EXPECT_EQ(read->payload_bytes, 7U);
}

TEST(TcpSegmentTest, WhatIsNoTcpIsLeftAlone) {
  Packet udp = segment(1, 2, kAck);
  udp[9] = 17;
  Packet fragment = segment(1, 2, kAck);
  fragment[7] = 9;
  Packet six = segment(1, 2, kAck);
  six[0] = 0x60;
  Packet cut = segment(1, 2, kAck);
  cut.resize(39);
  Packet long_header = segment(1, 2, kAck);
  long_header[32] = 0xf0;
  for (const Packet& packet : {udp, fragment, six, cut, long_header, Packet{}, Packet{0x45}}) {
    EXPECT_FALSE(read_tcp(packet).has_value());
  }
}

TEST(TcpSegmentTest, AResetHasTheSequenceThatTheSenderExpects) {
  const Packet reset = reset_for(*read_tcp(segment(5000, 8883, kAck, 100)));
  expect_right(reset);
  const auto read = read_tcp(reset);
  EXPECT_TRUE(read->rst && !read->ack);
  EXPECT_EQ(read->sequence, 2000U);
  EXPECT_EQ(read->source_port, 8883);
  EXPECT_EQ(read->destination_port, 5000);
  EXPECT_EQ(read->destination, 0x0a4d0001U);
}

TEST(TcpSegmentTest, AResetOfTheFirstSegmentAcknowledgesIt) {
  const auto read = read_tcp(reset_for(*read_tcp(segment(5000, 8883, kSyn))));
  EXPECT_TRUE(read->rst && read->ack);
  EXPECT_EQ(read->acknowledgement, 1001U);
}

TEST(TcpSegmentTest, AnotherPortKeepsTheChecksumRight) {
  for (std::uint32_t port = 0; port < 65536; port += 251) {
    Packet packet = segment(5000, 8883, kAck, 33, port * 7919);
    set_port(packet, *read_tcp(packet), Port::kDestination, static_cast<std::uint16_t>(port));
    expect_right(packet);
    EXPECT_EQ(read_tcp(packet)->destination_port, port);
    EXPECT_EQ(read_tcp(packet)->source_port, 5000);
  }
}

TEST(MeddlerTest, LetsEverythingPassUnlessToldOtherwise) {
  Meddler meddler;
  Packet packet = segment(5000, 8883, kAck, 10);
  const Packet before = packet;
  EXPECT_FALSE(meddler.meet(Side::kDevice, packet).has_value());
  EXPECT_EQ(packet, before);
}

TEST(MeddlerTest, ResetsBothSidesAndNeverAReset) {
  Meddler meddler;
  meddler.set_resets(true);
  Packet packet = segment(5000, 8883, kAck, 10);
  EXPECT_TRUE(meddler.meet(Side::kDevice, packet).has_value());
  EXPECT_TRUE(meddler.meet(Side::kHub, packet).has_value());
  Packet reset = segment(5000, 8883, kRst);
  EXPECT_FALSE(meddler.meet(Side::kDevice, reset).has_value());
  EXPECT_EQ(meddler.resets_sent(), 2U);
}

TEST(MeddlerTest, APortalTakesThePlaceOfWhateverWasWanted) {
  Meddler meddler;
  meddler.set_portal(80);
  Packet out = segment(5000, 8883, kSyn);
  EXPECT_FALSE(meddler.meet(Side::kDevice, out).has_value());
  expect_right(out);
  EXPECT_EQ(read_tcp(out)->destination_port, 80);
  // The answer goes back to the device (its address is the source of what we build: swap them).
  Packet back = segment(80, 5000, kSyn | kAck);
  std::swap_ranges(back.begin() + 12, back.begin() + 16, back.begin() + 16);
  EXPECT_FALSE(meddler.meet(Side::kHub, back).has_value());
  expect_right(back);
  EXPECT_EQ(read_tcp(back)->source_port, 8883);
  EXPECT_EQ(meddler.led_astray(), 1U);
  // Another connection of the portal's own stays as it is.
  Packet stranger = segment(80, 6000, kFin | kAck);
  meddler.meet(Side::kHub, stranger);
  EXPECT_EQ(read_tcp(stranger)->source_port, 80);
}

}  // namespace
}  // namespace sitecast::link
