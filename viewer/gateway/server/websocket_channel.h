// SPDX-License-Identifier: Apache-2.0
// A WebSocket that pushes to its viewer (RFC 6455 by Beast). What the viewer sends is handed to who
// asked for it (when_said), else read and thrown away. One write at a time; what waits
// meanwhile is in the ViewerQueue. Each live message is written from the broker's own buffer. Owner
// thread: the io thread. Owns itself by the handlers that are under way. Private to server/.
#pragma once

#include <netinet/tcp.h>

#include <array>
#include <utility>
#include <vector>

#include "viewer/gateway/live/viewer_queue.h"
#include "viewer/gateway/server/environment.h"
#include "viewer/gateway/server/timing.h"

namespace sitecast::gateway {

template <typename Stream>
class WebSocketChannel final : public PushChannel,
                               public OpenConnection,
                               public std::enable_shared_from_this<WebSocketChannel<Stream>> {
 public:
  WebSocketChannel(Environment& environment, Stream stream, std::string address)
      : OpenConnection(environment.connections, std::move(address)),
        environment_(environment),
        stream_(std::move(stream)) {
    set_up();
    ++environment_.traffic.websockets_open;
  }
  ~WebSocketChannel() override { --environment_.traffic.websockets_open; }

  // Answers the handshake, lets `start` begin pushing, and reads until the connection ends.
  Awaitable<> run(http::request<http::string_body> request,
                  std::function<void(std::shared_ptr<PushChannel>)> start) {
    const auto self = this->shared_from_this();
    this->set_deadline(environment_.clock.monotonic_us() + timing::kFirstRequestUs);
    const auto [refused] = co_await stream_.async_accept(request, kAwait);
    this->no_deadline();
    if (refused) co_return;
    ++environment_.traffic.websockets_opened;
    open_ = true;
    start(self);
    beast::flat_buffer incoming;
    while (true) {
      const auto [failed, size] = co_await stream_.async_read(incoming, kAwait);
      if (failed) break;
      if (said_ && !closing_) {
        said_(stream_.got_binary(),
              std::string_view(static_cast<const char*>(incoming.cdata().data()), size));
      }
      incoming.clear();
    }
    open_ = false;
    abort();
    environment_.traffic.live_parts_left_out += queue_.dropped_parts();
    said_ = {};
    for (auto& closed : std::exchange(when_closed_, {})) closed();
  }

  void send_text(std::shared_ptr<const std::string> text) override {
    if (!open_ || closing_) return;
    if (!queue_.push_text(std::move(text))) return close(CloseCode::kTryAgainLater);
    write_next();
  }

  void send_part(std::shared_ptr<const LivePart> part) override {
    if (!open_ || closing_) return;
    queue_.push_part(std::move(part), environment_.clock.monotonic_us());
    write_next();
  }

  void close(CloseCode code) override {
    if (!open_ || closing_) return;
    closing_ = true;
    close_code_ = code;
    const bool revoked = code == CloseCode::kPolicyViolation;
    if (revoked) queue_ = ViewerQueue();
    this->set_deadline(environment_.clock.monotonic_us() +
                       (revoked ? timing::kRevokedCloseUs : timing::kCloseUs));
    write_next();
  }

  void when_closed(std::function<void()> closed) override {
    when_closed_.push_back(std::move(closed));
  }

  void when_said(Said said) override { said_ = std::move(said); }

  void abort() override {
    error_code ignored;
    socket_of(stream_.next_layer()).close(ignored);
  }
  void wind_down() override { close(CloseCode::kGoingAway); }

 private:
  void set_up() {
    constexpr std::size_t kIncomingBytes = 2048;
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = std::chrono::seconds(10);
    timeouts.idle_timeout = std::chrono::seconds(20);
    timeouts.keep_alive_pings = true;
    stream_.set_option(timeouts);
    stream_.read_message_max(kIncomingBytes);
    stream_.auto_fragment(false);
    // What the kernel holds unsent cannot be left out any more, so it holds little.
    constexpr int kUnsentBytes = 16 * 1024;
    const int descriptor = socket_of(stream_.next_layer()).native_handle();
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
  }

  void write_next() {
    if (writing_) return;
    auto message = queue_.pop();
    if (!message) {
      if (closing_) finish();
      return;
    }
    writing_ = true;
    current_ = std::move(*message);
    std::array<net::const_buffer, 2> buffers;
    if (const auto* part = std::get_if<ViewerQueue::Part>(&current_)) {
      buffers = {net::buffer((*part)->prefix),
                 net::buffer((*part)->frame.data(), (*part)->frame.size())};
      stream_.binary(true);
    } else {
      buffers = {net::buffer(*std::get<ViewerQueue::Text>(current_)), net::const_buffer()};
      stream_.text(true);
    }
    stream_.async_write(buffers,
                        [self = this->shared_from_this()](error_code failed, std::size_t size) {
                          self->writing_ = false;
                          self->current_ = {};
                          if (failed) return self->abort();
                          ++self->environment_.traffic.live_messages_sent;
                          self->environment_.traffic.live_bytes_sent += size;
                          self->write_next();
                        });
  }

  void finish() {
    if (std::exchange(close_sent_, true)) return;
    stream_.async_close(websocket::close_reason(static_cast<std::uint16_t>(close_code_)),
                        [self = this->shared_from_this()](error_code) { self->abort(); });
  }

  Environment& environment_;
  websocket::stream<Stream> stream_;
  ViewerQueue queue_;
  ViewerQueue::Message current_;  // being written
  std::vector<std::function<void()>> when_closed_;
  Said said_;
  CloseCode close_code_ = CloseCode::kNormal;
  bool open_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool close_sent_ = false;
};

}  // namespace sitecast::gateway
