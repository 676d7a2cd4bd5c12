// SPDX-License-Identifier: Apache-2.0
// When a publication may be handed to Paho: only when the kernel will take it at once. What the
// kernel refuses Paho goes on writing up to a second later, reads nothing meanwhile, and never
// frees when the client is destroyed; so it waits with us. No I/O, no clock. Owner thread: the
// delivery thread. Units: bytes.
#pragma once

#include <cstdint>

namespace sitecast::agent {

// Of a TCP socket, as the kernel tells it.
struct SocketRoom {
  std::uint64_t written_bytes = 0;  // taken from us since it began
  std::uint64_t unsent_bytes = 0;   // of those, not sent yet
  std::uint64_t used_bytes = 0;     // of its buffer, with the kernel's own around them
  std::uint64_t buffer_bytes = 0;
};

class HandOver {
 public:
  // Another connection.
  void restart() { *this = HandOver(); }
  // One publication may go, however large, while less than this is handed over and not sent.
  void limit(std::uint64_t unsent_bytes) { limit_bytes_ = unsent_bytes; }
  [[nodiscard]] bool takes(const SocketRoom& room, std::uint64_t bytes) {
    const std::uint64_t underway = underway_bytes(room);
    if (room.unsent_bytes + underway >= limit_bytes_) return false;
    const bool empty = room.used_bytes + underway == 0;
    return empty || room.used_bytes + underway + around(bytes) <= room.buffer_bytes;
  }
  // This much went to Paho; at least, so that what TLS adds never seems to be something of ours.
  void handed(std::uint64_t bytes) { handed_bytes_ += bytes; }

 private:
  static constexpr std::uint64_t kLimitBytes = 16 * 1024;
  // TLS, MQTT and the kernel's own.
  static std::uint64_t around(std::uint64_t bytes) { return bytes + bytes / 8 + 2048; }

  // Handed to Paho, whose sending thread has not come to it.
  std::uint64_t underway_bytes(const SocketRoom& room) {
    if (room.written_bytes >= base_bytes_ + handed_bytes_) {
      base_bytes_ = room.written_bytes;
      handed_bytes_ = 0;
      return 0;
    }
    return base_bytes_ + handed_bytes_ - room.written_bytes;
  }

  std::uint64_t limit_bytes_ = kLimitBytes;
  std::uint64_t base_bytes_ = 0;    // written when nothing was underway, last
  std::uint64_t handed_bytes_ = 0;  // since then
};

}  // namespace sitecast::agent
