// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/mqtt5.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace sitecast::bench {
namespace {

void put_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put_text(Bytes& out, std::string_view text) {
  put_u16(out, text.size());
  const ByteView bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Variable byte integer, MQTT 5.0 section 1.5.5.
void put_length(Bytes& out, std::size_t value) {
  do {
    auto digit = static_cast<std::uint8_t>(value % 128);
    value /= 128;
    if (value > 0) digit |= 0x80U;
    out.push_back(digit);
  } while (value > 0);
}

Bytes packet(std::uint8_t type_and_flags, const Bytes& body) {
  Bytes out{type_and_flags};
  put_length(out, body.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace

MqttConnection::MqttConnection(MqttConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      outgoing_(std::move(other.outgoing_)),
      unsent_bytes_(other.unsent_bytes_),
      incoming_(std::move(other.incoming_)),
      next_packet_id_(other.next_packet_id_),
      acknowledged_(other.acknowledged_),
      acknowledged_subscriptions_(other.acknowledged_subscriptions_),
      refused_(other.refused_),
      last_reason_(other.last_reason_) {}

MqttConnection::~MqttConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<MqttConnection> MqttConnection::connect(const Address& address, std::string_view user,
                                               std::string_view password, const Options& options) {
  MqttConnection connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.descriptor_ < 0) return errno_error(errno, "socket");
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(address.port);
  if (::inet_pton(AF_INET, address.host.c_str(), &target.sin_addr) != 1) {
    return invalid_argument("not an IPv4 address: " + address.host);
  }
  if (::connect(connection.descriptor_, reinterpret_cast<sockaddr*>(&target),  // NOLINT
                sizeof target) != 0) {
    return errno_error(errno, fmt::format("connect to {}:{}", address.host, address.port));
  }
  const int on = 1;
  ::setsockopt(connection.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(connection.descriptor_, F_SETFL, O_NONBLOCK);

  Bytes body;
  put_text(body, "MQTT");
  body.push_back(5);
  const bool anonymous = user.empty();
  const bool will = !options.will_topic.empty();
  // Clean start; user name and password; a will of QoS 0.
  body.push_back(static_cast<std::uint8_t>(0x02 | (anonymous ? 0 : 0xc0) | (will ? 0x04 : 0)));
  put_u16(body, 60);
  const Bytes properties{0x21, 0xff, 0xff};  // Receive Maximum 65535
  put_length(body, properties.size());
  body.insert(body.end(), properties.begin(), properties.end());
  put_text(body, options.client_id.empty() ? user : std::string_view(options.client_id));
  if (will) {
    body.push_back(0);  // no properties
    put_text(body, options.will_topic);
    put_text(body, "will");
  }
  if (!anonymous) {
    put_text(body, user);
    put_text(body, password);
  }
  connection.outgoing_.push_back({packet(0x10, body), {}, 0});
  connection.unsent_bytes_ = connection.outgoing_.back().head.size();

  while (true) {
    SC_TRY(connection.write_some());
    pollfd waiting{connection.descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, 5000) <= 0) return unavailable("no CONNACK within 5 s");
    SC_TRY(connection.read_some());
    const Bytes& in = connection.incoming_;
    if (in.size() < 4) continue;
    if (in[0] != 0x20) return internal_error("first packet is not CONNACK");
    if (in[3] != 0) return permission_denied(fmt::format("CONNACK reason 0x{:02x}", in[3]));
    if (in.size() < 2U + in[1]) continue;  // CONNACK here is shorter than 128 bytes
    connection.incoming_.erase(connection.incoming_.begin(),
                               connection.incoming_.begin() + 2 + in[1]);
    return connection;
  }
}

void MqttConnection::subscribe(std::string_view filter) {
  Bytes body;
  put_u16(body, next_packet_id_++);
  body.push_back(0);
  put_text(body, filter);
  body.push_back(1);
  outgoing_.push_back({packet(0x82, body), {}, 0});
  unsent_bytes_ += outgoing_.back().head.size();
}

void MqttConnection::publish(std::string_view topic, ByteView payload, int qos, bool retained) {
  Bytes head{static_cast<std::uint8_t>(0x30 | (qos << 1) | (retained ? 1 : 0))};
  put_length(head, 2 + topic.size() + (qos > 0 ? 2U : 0U) + 1 + payload.size());
  put_text(head, topic);
  if (qos > 0) {
    if (next_packet_id_ == 0) next_packet_id_ = 1;
    put_u16(head, next_packet_id_++);
  }
  head.push_back(0);  // no properties
  unsent_bytes_ += head.size() + payload.size();
  outgoing_.push_back({std::move(head), payload, 0});
}

Status MqttConnection::write_some() {
  while (!outgoing_.empty()) {
    std::array<iovec, 64> pieces{};
    std::size_t count = 0;
    for (const Outgoing& message : outgoing_) {
      if (count + 2 > pieces.size()) break;
      std::size_t skip = message.sent;
      for (const ByteView piece : {ByteView(message.head), message.payload}) {
        const std::size_t skipped = std::min(skip, piece.size());
        skip -= skipped;
        if (skipped == piece.size()) continue;
        // writev does not write through its iovec.
        pieces[count++] = {const_cast<std::uint8_t*>(piece.data()) + skipped,  // NOLINT
                           piece.size() - skipped};
      }
    }
    const ssize_t written = ::writev(descriptor_, pieces.data(), static_cast<int>(count));
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) return Ok{};
      return errno_error(errno, "write to the broker");
    }
    auto left = static_cast<std::size_t>(written);
    unsent_bytes_ -= left;
    while (left > 0) {
      Outgoing& front = outgoing_.front();
      const std::size_t rest = front.head.size() + front.payload.size() - front.sent;
      if (left < rest) {
        front.sent += left;
        return Ok{};
      }
      left -= rest;
      outgoing_.pop_front();
    }
  }
  return Ok{};
}

Status MqttConnection::read_some() {
  std::array<std::uint8_t, 64 * 1024> buffer;  // NOLINT(*init*): filled by read
  while (true) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return Ok{};
      return errno_error(errno, "read from the broker");
    }
    if (got == 0) return unavailable("the broker closed the connection");
    incoming_.insert(incoming_.end(), buffer.begin(), buffer.begin() + got);
    if (static_cast<std::size_t>(got) < buffer.size()) return Ok{};
  }
}

Status MqttConnection::pump(const OnMessage& on_message) {
  SC_TRY(write_some());
  SC_TRY(read_some());
  std::size_t used = 0;
  while (true) {
    const ByteView rest = ByteView(incoming_).subspan(used);
    if (rest.size() < 2) break;
    std::size_t length = 0;
    std::size_t at = 1;
    int shift = 0;
    bool whole = false;
    while (at < rest.size() && at < 5) {
      length |= static_cast<std::size_t>(rest[at] & 0x7fU) << shift;
      shift += 7;
      if ((rest[at++] & 0x80U) == 0) {
        whole = true;
        break;
      }
    }
    if (!whole || rest.size() - at < length) break;
    SC_TRY(handle(rest[0], rest.subspan(at, length), on_message));
    used += at + length;
  }
  incoming_.erase(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(used));
  return write_some();
}

Status MqttConnection::handle(std::uint8_t type_and_flags, ByteView body,
                              const OnMessage& on_message) {
  switch (type_and_flags >> 4) {
    case 4:  // PUBACK: a missing reason code means success (section 3.4.2.1)
      ++acknowledged_;
      last_reason_ = body.size() > 2 ? body[2] : 0;
      if (last_reason_ != 0) ++refused_;
      return Ok{};
    case 9:  // SUBACK
      last_reason_ = body.empty() ? 0x80 : body.back();
      if (last_reason_ >= 0x80) ++refused_;
      ++acknowledged_subscriptions_;
      return Ok{};
    case 14: return unavailable("the broker sent DISCONNECT");
    case 3: break;
    default: return Ok{};
  }
  const int qos = (type_and_flags >> 1) & 3;
  if (body.size() < 2) return data_loss("PUBLISH too short");
  const std::size_t topic_size = body[0] * 256U + body[1];
  std::size_t at = 2 + topic_size + (qos > 0 ? 2U : 0U);
  if (body.size() <= at) return data_loss("PUBLISH too short");
  const std::string_view topic = as_text(body.subspan(2, topic_size));
  const std::size_t properties_size = body[at];  // ours and the broker's are far below 128 bytes
  if (properties_size >= 128 || body.size() < at + 1 + properties_size) {
    return data_loss("PUBLISH properties too long");
  }
  on_message(topic, body.subspan(at + 1 + properties_size));
  if (qos > 0) {
    Bytes ack{0x40, 2, body[2 + topic_size], body[3 + topic_size]};
    unsent_bytes_ += ack.size();
    outgoing_.push_back({std::move(ack), {}, 0});
  }
  return Ok{};
}

}  // namespace sitecast::bench
