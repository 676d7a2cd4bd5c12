// SPDX-License-Identifier: Apache-2.0
// Looks into an IPv4 packet that carries TCP (RFC 791, RFC 9293), changes its ports, and answers it
// as a box on the way would. Pure functions on bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/support/link/packet.h"

namespace sitecast::link {

struct TcpSegment {
  std::uint32_t source = 0, destination = 0;  // addresses
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t sequence = 0, acknowledgement = 0;
  bool syn = false, ack = false, fin = false, rst = false;
  std::uint32_t payload_bytes = 0;
  std::size_t header_at = 0;  // offset of the TCP header
};

// nullopt: not IPv4, not TCP, a later fragment, or cut short.
std::optional<TcpSegment> read_tcp(const Packet& packet);

// The reset that takes the connection away from whoever sent `segment`.
Packet reset_for(const TcpSegment& segment);

enum class Port { kSource, kDestination };
// Keeps the checksum right (RFC 1624).
void set_port(Packet& packet, const TcpSegment& segment, Port which, std::uint16_t port);

// One's complement sum of a whole IPv4 header, or of TCP with its pseudo-header: 0 when right.
std::uint16_t ip_checksum(const Packet& packet);
std::uint16_t tcp_checksum(const Packet& packet, const TcpSegment& segment);

}  // namespace sitecast::link
