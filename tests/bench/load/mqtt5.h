// SPDX-License-Identifier: Apache-2.0
// A small MQTT 5 client (OASIS MQTT 5.0) for load and peers: many connections in one thread,
// payloads sent from where they lie, and nothing between the measurement and the socket. Not for
// the product, which uses Paho. Owner thread: one. Blocking only in connect() and wait().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::bench {

class MqttConnection {
 public:
  struct Address {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
  };
  struct Options {
    std::string client_id;   // empty: the user name
    std::string will_topic;  // with one, the broker publishes a will when the connection breaks
  };
  // Waits for CONNACK; kPermissionDenied when the broker refuses. An empty `user` is anonymous.
  static Result<MqttConnection> connect(const Address& address, std::string_view user,
                                        std::string_view password, const Options& options = {});
  ~MqttConnection();
  MqttConnection(MqttConnection&& other) noexcept;
  MqttConnection& operator=(MqttConnection&&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::uint64_t unsent_bytes() const { return unsent_bytes_; }
  [[nodiscard]] bool wants_to_write() const { return !outgoing_.empty(); }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t acknowledged_subscriptions() const {
    return acknowledged_subscriptions_;
  }
  // PUBACKs with a reason other than 0 and refused subscriptions.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  // Reason code of the newest PUBACK or SUBACK; from 0x80 on it means refused.
  [[nodiscard]] std::uint8_t last_reason() const { return last_reason_; }

  void subscribe(std::string_view filter);
  // `payload` must live until it is sent (unsent_bytes() == 0 at the latest).
  void publish(std::string_view topic, ByteView payload, int qos, bool retained = false);

  // Writes what the socket takes and reads what is there; messages go to `on_message`.
  using OnMessage = std::function<void(std::string_view topic, ByteView payload)>;
  Status pump(const OnMessage& on_message);

 private:
  explicit MqttConnection(int descriptor) : descriptor_(descriptor) {}
  Status write_some();
  Status read_some();
  Status handle(std::uint8_t type_and_flags, ByteView body, const OnMessage& on_message);

  struct Outgoing {
    Bytes head;
    ByteView payload;
    std::size_t sent = 0;
  };
  int descriptor_ = -1;
  std::deque<Outgoing> outgoing_;
  std::uint64_t unsent_bytes_ = 0;
  Bytes incoming_;
  std::uint16_t next_packet_id_ = 1;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t acknowledged_subscriptions_ = 0;
  std::uint64_t refused_ = 0;
  std::uint8_t last_reason_ = 0;
};

}  // namespace sitecast::bench
