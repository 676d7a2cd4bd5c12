// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/tcp_segment.h"

namespace sitecast::link {
namespace {

constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kTcpHeader = 20;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
constexpr std::size_t kFlagsAt = 13, kChecksumAt = 16;

std::uint16_t get16(const Packet& packet, std::size_t at) {
  return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
}
std::uint32_t get32(const Packet& packet, std::size_t at) {
  return static_cast<std::uint32_t>(get16(packet, at)) << 16 | get16(packet, at + 2);
}
void put16(Packet& packet, std::size_t at, std::uint32_t value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}
void put32(Packet& packet, std::size_t at, std::uint32_t value) {
  put16(packet, at, value >> 16);
  put16(packet, at + 2, value);
}

std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
std::uint32_t sum_of(const Packet& packet, std::size_t begin, std::size_t end) {
  std::uint32_t sum = 0;
  for (std::size_t at = begin; at < end; ++at) {
    sum += static_cast<std::uint32_t>(packet[at]) << ((at - begin) % 2 == 0 ? 8 : 0);
  }
  return sum;
}

}  // namespace

std::optional<TcpSegment> read_tcp(const Packet& packet) {
  if (packet.size() < kIpHeader || packet[0] >> 4 != 4 || packet[9] != kTcp) return std::nullopt;
  const std::size_t header_at = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  const std::size_t total = get16(packet, 2);
  const bool later_fragment = (get16(packet, 6) & 0x1fff) != 0;
  if (later_fragment || header_at < kIpHeader || total > packet.size() ||
      total < header_at + kTcpHeader) {
    return std::nullopt;
  }
  const std::size_t data_at = header_at + static_cast<std::size_t>(packet[header_at + 12] >> 4) * 4;
  if (data_at < header_at + kTcpHeader || data_at > total) return std::nullopt;
  TcpSegment segment;
  segment.source = get32(packet, 12);
  segment.destination = get32(packet, 16);
  segment.source_port = get16(packet, header_at);
  segment.destination_port = get16(packet, header_at + 2);
  segment.sequence = get32(packet, header_at + 4);
  segment.acknowledgement = get32(packet, header_at + 8);
  const std::uint8_t flags = packet[header_at + kFlagsAt];
  segment.fin = (flags & kFin) != 0;
  segment.syn = (flags & kSyn) != 0;
  segment.rst = (flags & kRst) != 0;
  segment.ack = (flags & kAck) != 0;
  segment.payload_bytes = static_cast<std::uint32_t>(total - data_at);
  segment.header_at = header_at;
  return segment;
}

Packet reset_for(const TcpSegment& segment) {
  Packet packet(kIpHeader + kTcpHeader);
  packet[0] = 0x45;
  put16(packet, 2, kIpHeader + kTcpHeader);
  packet[8] = 64;  // time to live
  packet[9] = kTcp;
  put32(packet, 12, segment.destination);
  put32(packet, 16, segment.source);
  put16(packet, 10, ip_checksum(packet));

  put16(packet, kIpHeader, segment.destination_port);
  put16(packet, kIpHeader + 2, segment.source_port);
  packet[kIpHeader + 12] = kTcpHeader / 4 << 4;
  // RFC 9293 section 3.5.2: a reset is believed only with the sequence that the receiver expects.
  if (segment.ack) {
    put32(packet, kIpHeader + 4, segment.acknowledgement);
    packet[kIpHeader + kFlagsAt] = kRst;
  } else {
    put32(packet, kIpHeader + 8,
          segment.sequence + segment.payload_bytes + (segment.syn ? 1U : 0U) +
              (segment.fin ? 1U : 0U));
    packet[kIpHeader + kFlagsAt] = kRst | kAck;
  }
  const auto written = read_tcp(packet);
  put16(packet, kIpHeader + kChecksumAt, tcp_checksum(packet, *written));
  return packet;
}

void set_port(Packet& packet, const TcpSegment& segment, Port which, std::uint16_t port) {
  const std::size_t at = segment.header_at + (which == Port::kSource ? 0 : 2);
  const std::size_t checksum_at = segment.header_at + kChecksumAt;
  const auto inverse = [](std::uint16_t value) { return static_cast<std::uint16_t>(~value); };
  const std::uint32_t sum =
      std::uint32_t{inverse(get16(packet, checksum_at))} + inverse(get16(packet, at)) + port;
  put16(packet, checksum_at, fold(sum));
  put16(packet, at, port);
}

std::uint16_t ip_checksum(const Packet& packet) {
  return fold(sum_of(packet, 0, static_cast<std::size_t>(packet[0] & 0x0f) * 4));
}

std::uint16_t tcp_checksum(const Packet& packet, const TcpSegment& segment) {
  const std::size_t end = get16(packet, 2);
  const auto tcp_bytes = static_cast<std::uint32_t>(end - segment.header_at);
  return fold(sum_of(packet, 12, 20) + kTcp + tcp_bytes + sum_of(packet, segment.header_at, end));
}

}  // namespace sitecast::link
