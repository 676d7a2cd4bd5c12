// SPDX-License-Identifier: Apache-2.0
// What of a device's bytes may go on to the broker: MQTT 5 as our devices speak it and nothing
// else. The first packet must be a CONNECT with the device's id as username and a password, whole
// in at most kConnectBytes; then PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and DISCONNECT of
// at most limits::kMqttPacketBytes. No second CONNECT, no QoS 2, no AUTH. Who the device is and
// what it may say, the broker decides; accounts of services (hub, gateway) have no names of this
// form and cannot come this way. Owner thread: one at a time. Pure: no I/O, no clock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::gateway {

class PacketGate {
 public:
  // With a will of the largest status (proto/codec/limits.h) and everything around it.
  static constexpr std::size_t kConnectBytes = 264U * 1024;

  // The next bytes of the stream, cut anywhere. kInvalidArgument: not let through, with the reason;
  // nothing may follow. Ok: forward(); until the CONNECT is whole that is empty.
  Status take(ByteView bytes);
  // What may go on now of what was taken last; valid until the next take().
  [[nodiscard]] ByteView forward() const { return forward_; }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  Status take_connect(ByteView bytes);
  Status follow(ByteView bytes);
  Status end_of_header();

  Bytes connect_;  // gathered until it is whole
  ByteView forward_;
  bool connected_ = false;
  std::size_t header_bytes_ = 0;  // of it, read so far
  std::size_t length_ = 0;        // as far as it was read
  std::size_t rest_ = 0;          // of the packet's body, still to pass
};

}  // namespace sitecast::gateway
