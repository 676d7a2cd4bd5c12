// SPDX-License-Identifier: Apache-2.0
// MQTT over WebSocket (MQTT 5 section 6) to our broker and nowhere else. The broker is called only
// when a CONNECT that may pass is whole (tunnel/packet_gate.h); then bytes go both ways, a buffer
// at a time: each side is read only when the other took what came before, so a slow one holds up
// its peer and not our memory. Bytes from the device are taken at kBytesPerSecond at most, with
// kBurstBytes at once. Owner thread: the io thread. Owns itself by the coroutines that are under
// way. Private to server/.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "proto/codec/limits.h"
#include "viewer/gateway/server/environment.h"
#include "viewer/gateway/server/timing.h"
#include "viewer/gateway/tunnel/packet_gate.h"

namespace sitecast::gateway {

template <typename Stream>
class TunnelChannel final : public OpenConnection,
                            public std::enable_shared_from_this<TunnelChannel<Stream>> {
 public:
  static constexpr std::size_t kBufferBytes = 32U * 1024;
  static constexpr std::int64_t kBytesPerSecond = 8'000'000;
  static constexpr std::int64_t kBurstUs = 1'000'000;

  TunnelChannel(Environment& environment, Stream stream, std::string address)
      : OpenConnection(environment.connections, std::move(address)),
        environment_(environment),
        stream_(std::move(stream)),
        broker_(environment.context),
        pause_(environment.context) {
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = std::chrono::seconds(10);
    timeouts.idle_timeout = std::chrono::seconds(20);
    timeouts.keep_alive_pings = true;
    stream_.set_option(timeouts);
    stream_.read_message_max(limits::kMqttPacketBytes + kBufferBytes);
    stream_.binary(true);
    ++environment_.traffic.websockets_open;
  }
  ~TunnelChannel() override { --environment_.traffic.websockets_open; }

  // From the handshake to the end of the connection.
  Awaitable<> run(http::request<http::string_body> request) {
    const auto self = this->shared_from_this();
    deadline(timing::kFirstRequestUs);
    if (request[http::field::sec_websocket_protocol].find("mqtt") != beast::string_view::npos) {
      stream_.set_option(websocket::stream_base::decorator(name_protocol));
    }
    const auto [refused] = co_await stream_.async_accept(request, kAwait);
    if (refused) co_return;
    ++environment_.traffic.websockets_opened;
    began_us_ = environment_.clock.monotonic_us();
    deadline(timing::kFirstRequestUs);  // for the CONNECT
    co_await from_device();
    abort();
  }

  void abort() override {
    error_code ignored;
    pause_.cancel();
    broker_.close(ignored);
    socket_of(stream_.next_layer()).close(ignored);
  }
  void wind_down() override { abort(); }

 private:
  static void name_protocol(websocket::response_type& response) {
    response.set(http::field::sec_websocket_protocol, "mqtt");
  }

  void deadline(std::int64_t in_us) {
    this->set_deadline(environment_.clock.monotonic_us() + in_us);
  }

  Awaitable<> from_device() {
    std::array<std::uint8_t, kBufferBytes> buffer{};
    while (true) {
      const auto [failed, size] = co_await stream_.async_read_some(net::buffer(buffer), kAwait);
      if (failed) co_return;
      if (!stream_.got_binary()) co_return co_await refuse("a text message");
      const Status passed = gate_.take(ByteView(buffer).first(size));
      if (!passed.ok()) co_return co_await refuse(passed.error().message());
      const ByteView forward = gate_.forward();
      if (forward.empty()) continue;
      if (!broker_.is_open() && !co_await call_broker()) co_return;
      const auto [broken, written] =
          co_await net::async_write(broker_, net::buffer(forward.data(), forward.size()), kAwait);
      if (broken) co_return;
      co_await keep_to_the_rate(static_cast<std::int64_t>(size));
    }
  }

  Awaitable<bool> call_broker() {
    const auto& to = *environment_.broker;
    error_code failed;
    const net::ip::tcp::endpoint at(net::ip::make_address(to.address, failed), to.port);
    if (!failed) std::tie(failed) = co_await broker_.async_connect(at, kAwait);
    if (failed) {
      environment_.log.warn("tunnel: the broker cannot be reached: {}", failed.message());
      co_return false;
    }
    broker_.set_option(net::ip::tcp::no_delay(true), failed);
    this->no_deadline();
    const auto self = this->shared_from_this();
    net::co_spawn(
        environment_.context, [self] { return self->from_broker(); }, net::detached);
    co_return true;
  }

  Awaitable<> from_broker() {
    const auto self = this->shared_from_this();
    std::array<std::uint8_t, kBufferBytes> buffer{};
    while (true) {
      const auto [ended, size] = co_await broker_.async_read_some(net::buffer(buffer), kAwait);
      if (ended) break;
      const auto [failed, written] =
          co_await stream_.async_write(net::buffer(buffer.data(), size), kAwait);
      if (failed) break;
    }
    abort();
  }

  // Sleeps off what was taken faster than it may come.
  Awaitable<> keep_to_the_rate(std::int64_t size) {
    taken_bytes_ += size;
    const std::int64_t now_us = environment_.clock.monotonic_us();
    const std::int64_t due_us = taken_bytes_ * 1'000'000 / kBytesPerSecond;
    began_us_ = std::max(began_us_, now_us - due_us);  // what was not used is not saved up
    const std::int64_t ahead_us = began_us_ + due_us - now_us;
    if (ahead_us <= kBurstUs) co_return;
    pause_.expires_after(std::chrono::microseconds(ahead_us - kBurstUs));
    co_await pause_.async_wait(kAwait);
  }

  // With a close frame where nobody else writes to the device.
  Awaitable<> refuse(std::string_view why) {
    environment_.log.warn("tunnel of {}: refused: {}", this->address(), why);
    deadline(timing::kCloseUs);
    if (broker_.is_open()) co_return;
    co_await stream_.async_close(websocket::close_reason(websocket::close_code::policy_error),
                                 kAwait);
  }

  Environment& environment_;
  websocket::stream<Stream> stream_;
  Socket broker_;
  Timer pause_;
  PacketGate gate_;
  std::int64_t began_us_ = 0;     // of the budget
  std::int64_t taken_bytes_ = 0;  // since the connection began
};

}  // namespace sitecast::gateway
