// SPDX-License-Identifier: Apache-2.0
// MQTT 5 (OASIS), sections 2.1 (fixed header) and 3.1 (CONNECT).
#include "viewer/gateway/tunnel/packet_gate.h"

#include <fmt/format.h>

#include <array>

#include "proto/base/field_reader.h"
#include "proto/base/id.h"
#include "proto/codec/limits.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint8_t kConnect = 0x10;
constexpr std::size_t kLengthBytes = 4;
constexpr std::array<std::uint8_t, 7> kProtocol = {0, 4, 'M', 'Q', 'T', 'T', 5};
constexpr std::uint8_t kReservedFlag = 0x01;
constexpr std::uint8_t kWillFlag = 0x04;
constexpr std::uint8_t kPasswordFlag = 0x40;
constexpr std::uint8_t kUsernameFlag = 0x80;

// First bytes of packets that a device sends after its CONNECT.
bool may_follow(std::uint8_t first) {
  constexpr std::uint8_t kPublish = 0x30;
  constexpr std::uint8_t kQos2 = 0x04;
  if ((first & 0xf0) == kPublish) return (first & kQos2) == 0;
  switch (first) {
    case 0x40:  // PUBACK
    case 0x82:  // SUBSCRIBE
    case 0xa2:  // UNSUBSCRIBE
    case 0xc0:  // PINGREQ
    case 0xe0:  // DISCONNECT
      return true;
    default: return false;
  }
}

// Section 1.5.4.
ByteView take_string(FieldReader& fields) { return fields.take(fields.u16()); }

// Section 2.2.2: their size, as a variable byte integer, and they.
void skip_properties(FieldReader& fields) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    const std::uint8_t byte = fields.u8();
    size |= static_cast<std::size_t>(byte & 0x7f) << 7 * i;
    if (byte < 0x80) return fields.skip(size);
  }
  fields.skip(fields.rest().size() + 1);  // no such integer
}

bool is_device_id(ByteView text) {
  const auto id = DeviceId::parse(to_string(text));
  return id && !id->is_nil();
}

Status check_connect(ByteView body) {
  FieldReader fields(body);
  const ByteView protocol = fields.take(kProtocol.size());
  if (!std::equal(protocol.begin(), protocol.end(), kProtocol.begin(), kProtocol.end())) {
    return invalid_argument("not MQTT 5");
  }
  const std::uint8_t flags = fields.u8();
  if ((flags & kReservedFlag) != 0) return invalid_argument("CONNECT with a reserved flag");
  if ((flags & kUsernameFlag) == 0 || (flags & kPasswordFlag) == 0) {
    return invalid_argument("CONNECT without a username and a password");
  }
  fields.skip(2);  // keep alive
  skip_properties(fields);
  take_string(fields);  // client id: the broker puts the username there
  if ((flags & kWillFlag) != 0) {
    skip_properties(fields);
    take_string(fields);
    take_string(fields);
  }
  const ByteView username = take_string(fields);
  const ByteView password = take_string(fields);
  if (!fields.ok() || !fields.rest().empty())
    return invalid_argument("CONNECT whose fields do not add up");
  if (password.empty()) return invalid_argument("CONNECT with an empty password");
  if (!is_device_id(username)) return invalid_argument("CONNECT of nobody who is a device");
  return Ok{};
}

}  // namespace

Status PacketGate::take(ByteView bytes) {
  forward_ = {};
  return connected_ ? follow(bytes) : take_connect(bytes);
}

Status PacketGate::take_connect(ByteView bytes) {
  connect_.insert(connect_.end(), bytes.begin(), bytes.end());
  if (connect_.empty()) return Ok{};
  if (connect_[0] != kConnect) return invalid_argument("the first packet is not CONNECT");
  std::size_t length = 0;
  std::size_t header = 0;
  for (std::size_t i = 0; header == 0 && i < kLengthBytes && i + 1 < connect_.size(); ++i) {
    length |= static_cast<std::size_t>(connect_[i + 1] & 0x7f) << 7 * i;
    if (connect_[i + 1] < 0x80) header = i + 2;
  }
  if (header == 0) {
    if (connect_.size() > kLengthBytes) return invalid_argument("CONNECT without a length");
    return Ok{};
  }
  if (header + length > kConnectBytes) {
    return invalid_argument(fmt::format("CONNECT of {} bytes", header + length));
  }
  if (connect_.size() < header + length) return Ok{};
  SC_TRY(check_connect(ByteView(connect_).subspan(header, length)));
  connected_ = true;
  // What came with it is the beginning of what follows it.
  SC_TRY(follow(ByteView(connect_).subspan(header + length)));
  forward_ = connect_;
  return Ok{};
}

Status PacketGate::end_of_header() {
  rest_ = length_;
  length_ = 0;
  header_bytes_ = 0;
  if (rest_ > limits::kMqttPacketBytes) {
    return invalid_argument(fmt::format("packet of {} bytes", rest_));
  }
  return Ok{};
}

Status PacketGate::follow(ByteView bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (rest_ > 0) {
      const std::size_t passed = std::min(rest_, bytes.size() - at);
      rest_ -= passed;
      at += passed;
      continue;
    }
    const std::uint8_t byte = bytes[at++];
    if (header_bytes_ == 0) {
      if (!may_follow(byte)) {
        return invalid_argument(fmt::format("packet that begins with {:#04x}", byte));
      }
      header_bytes_ = 1;
      continue;
    }
    length_ |= static_cast<std::size_t>(byte & 0x7f) << 7 * (header_bytes_ - 1);
    ++header_bytes_;
    if (byte < 0x80) {
      SC_TRY(end_of_header());
    } else if (header_bytes_ > kLengthBytes) {
      return invalid_argument("packet without a length");
    }
  }
  forward_ = bytes;
  return Ok{};
}

}  // namespace sitecast::gateway
