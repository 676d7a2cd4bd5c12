// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 connection: a coroutine that reads a request, has it answered and sends the answer,
// until somebody closes or a WebSocket takes the stream over.
#include <sys/socket.h>

#include <optional>

#include "viewer/gateway/http/client_address.h"
#include "viewer/gateway/server/environment.h"
#include "viewer/gateway/server/file_sender.h"
#include "viewer/gateway/server/timing.h"
#include "viewer/gateway/server/tunnel_channel.h"
#include "viewer/gateway/server/websocket_channel.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint32_t kHeaderBytes = 16 * 1024;
constexpr std::uint64_t kBodyBytes = kSmallBodyBytes;
constexpr std::uint64_t kLargestBodyBytes = 20ULL * 1024 * 1024;
constexpr std::size_t kWritePiece = 256 * 1024;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
    case http::verb::head: return Method::kGet;
    case http::verb::post: return Method::kPost;
    case http::verb::delete_: return Method::kDelete;
    default: return Method::kOther;
  }
}

std::string field(const http::request<http::string_body>& message, beast::string_view name) {
  const auto found = message.find(name);
  return found == message.end() ? std::string() : std::string(found->value());
}

// All fields of a name as one list (RFC 9110 section 5.3).
std::string joined_fields(const http::request<http::string_body>& message, std::string_view name) {
  std::string joined;
  const auto [first, end] = message.equal_range(beast::string_view(name.data(), name.size()));
  for (auto at = first; at != end; ++at) {
    if (!joined.empty()) joined += ',';
    joined += std::string(at->value());
  }
  return joined;
}

Request make_request(http::request<http::string_body>& message, const std::string& address,
                     bool secure) {
  Request request;
  request.method = method_of(message.method());
  request.head = message.method() == http::verb::head;
  request.secure = secure;
  request.upgrade_websocket = websocket::is_upgrade(message);
  const std::string_view target(message.target().data(), message.target().size());
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  request.body = std::move(message.body());
  request.address = address;
  request.host = field(message, "Host");
  request.origin = field(message, "Origin");
  request.cookie = field(message, "Cookie");
  request.range = field(message, "Range");
  request.if_range = field(message, "If-Range");
  request.if_none_match = field(message, "If-None-Match");
  request.accept_encoding = field(message, "Accept-Encoding");
  request.csrf = field(message, "X-Sitecast");
  return request;
}

std::string_view view_of(const Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return *text;
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body)) {
    return *shared ? std::string_view(**shared) : std::string_view();
  }
  return {};
}

template <typename Stream>
class HttpConnection final : public OpenConnection,
                             public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  HttpConnection(Environment& environment, Stream stream, std::string address)
      : OpenConnection(environment.connections, address),
        environment_(environment),
        peer_(std::move(address)),
        stream_(std::move(stream)) {}

  void abort() override {
    error_code ignored;
    socket_of(stream_).close(ignored);
  }
  void wind_down() override {
    winding_down_ = true;
    if (!busy_) abort();
  }

  Awaitable<> run() {
    const auto self = this->shared_from_this();
    if constexpr (kSecure) {
      deadline(timing::kTlsHandshakeUs);
      const auto [failed] = co_await stream_.async_handshake(TlsStream::server, kAwait);
      if (failed) co_return;
    }
    deadline(timing::kFirstRequestUs);
    while (co_await serve_one()) {
      if (winding_down_) break;
      deadline(timing::kNextRequestUs);
    }
    if (socket_of(stream_).is_open()) co_await end();
  }

 private:
  static constexpr bool kSecure = std::is_same_v<Stream, TlsStream>;
  using Parser = http::request_parser<http::string_body>;

  // As the browser sees it.
  [[nodiscard]] bool is_secure() const { return kSecure || environment_.public_tls; }

  void deadline(std::int64_t in_us) {
    this->set_deadline(environment_.clock.monotonic_us() + in_us);
  }

  // False: the connection is over, or is a WebSocket's now.
  Awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(kHeaderBytes);
    parser.body_limit(kLargestBodyBytes);  // judged below: a stated size is refused with the head
    auto [failed, header_size] =
        co_await http::async_read_header(stream_, incoming_, parser, kAwait);
    busy_ = true;
    const std::int64_t began_us = environment_.clock.monotonic_us();
    if (!failed && !parser.is_done()) {
      const auto limit =
          environment_.handler.body_limit(make_request(parser.get(), this->address(), is_secure()));
      parser.body_limit(limit);
      if (parser.content_length() && *parser.content_length() > limit) {
        co_return co_await refuse(http::error::body_limit);
      }
      deadline(limit > kBodyBytes ? timing::kRequestFileUs : timing::kRequestBodyUs);
      std::size_t body_size = 0;
      std::tie(failed, body_size) = co_await http::async_read(stream_, incoming_, parser, kAwait);
    }
    if (failed) co_return co_await refuse(failed);

    auto message = parser.release();
    const bool keep_alive = message.keep_alive();
    if (!environment_.trusted_proxy.empty() &&
        !this->move_to(client_address(peer_, joined_fields(message, "X-Forwarded-For"),
                                      environment_.trusted_proxy))) {
      ++environment_.traffic.connections_refused;
      co_await send(error_response(429, "connections", "too many connections of one address"),
                    false, false);
      co_return false;
    }
    const auto request =
        std::make_shared<const Request>(make_request(message, this->address(), is_secure()));
    if (message.version() >= 11 && request->host.empty()) {
      ++environment_.traffic.requests_malformed;
      co_await send(error_response(400, "malformed", "the Host field is missing"), false, false);
      co_return false;
    }
    deadline(timing::kAnswerUs);
    Answer answer = co_await ask(request);
    if (auto* upgrade = std::get_if<Upgrade>(&answer)) {
      log_request(*request, 101, 0, began_us);
      take_over(std::move(message), std::move(upgrade->start));
      co_return false;
    }
    if (std::holds_alternative<Tunnel>(answer)) {
      log_request(*request, 101, 0, began_us);
      tunnel(std::move(message));
      co_return false;
    }
    auto& response = std::get<Response>(answer);
    const unsigned status = response.status;
    const std::uint64_t size = request->head ? 0 : size_bytes(response.body);
    const bool stays = keep_alive && !winding_down_;
    const bool sent = co_await send(std::move(response), stays, request->head);
    log_request(*request, status, size, began_us);
    busy_ = false;
    co_return sent&& stays;
  }

  // Has the request answered; every answer comes on this thread, at once or later. A timer that
  // never expires is what the answer wakes: GCC 12 destroys a temporary completion lambda within a
  // co_await expression twice.
  Awaitable<Answer> ask(std::shared_ptr<const Request> request) {
    struct State {
      explicit State(const Executor& executor) : wake(executor, Timer::time_point::max()) {}
      Timer wake;
      std::optional<Answer> answer;
    };
    const auto state = std::make_shared<State>(environment_.context.get_executor());
    environment_.handler.handle(std::move(request), [state](Answer answer) {
      state->answer = std::move(answer);
      state->wake.cancel();
    });
    while (!state->answer) co_await state->wake.async_wait(kAwait);
    Answer answer = std::move(*state->answer);
    co_return answer;
  }

  Awaitable<bool> refuse(error_code why) {
    unsigned status = 0;
    if (why == http::error::header_limit) {
      status = 431;
    } else if (why == http::error::body_limit) {
      status = 413;
    } else if (why.category() == http::make_error_code(http::error::bad_method).category() &&
               why != http::error::end_of_stream && why != http::error::partial_message) {
      status = 400;
    }
    if (status != 0) {
      ++environment_.traffic.requests_malformed;
      co_await send(error_response(status, "malformed", "this is not a request that is taken here"),
                    false, false);
    }
    co_return false;
  }

  Awaitable<bool> send(Response response, bool keep_alive, bool head_only) {
    count(response.status);
    const std::string head =
        format_head(response, keep_alive, is_secure(), environment_.content_security_policy);
    deadline(timing::kWriteProgressUs);
    if (head_only || size_bytes(response.body) == 0) co_return co_await write(head);
    environment_.traffic.body_bytes_sent += size_bytes(response.body);
    if (const auto* file = std::get_if<FileBody>(&response.body)) {
      if (!co_await write_before_file(head)) co_return false;
      co_return co_await send_file(environment_, *this, stream_, *file);
    }
    if (const auto* shared = std::get_if<SharedPieces>(&response.body)) {
      co_return co_await write_pieces(head, *shared);
    }
    auto body = view_of(response.body);
    auto first = body.substr(0, kWritePiece);
    body.remove_prefix(first.size());
    const std::array<net::const_buffer, 2> both = {net::buffer(head),
                                                   net::buffer(first.data(), first.size())};
    if (const auto [failed, size] = co_await net::async_write(stream_, both, kAwait); failed) {
      co_return false;
    }
    while (!body.empty()) {
      deadline(timing::kWriteProgressUs);
      const auto piece = body.substr(0, kWritePiece);
      if (!co_await write(piece)) co_return false;
      body.remove_prefix(piece.size());
    }
    co_return true;
  }

  Awaitable<bool> write(std::string_view bytes) {
    const auto [failed, size] =
        co_await net::async_write(stream_, net::buffer(bytes.data(), bytes.size()), kAwait);
    co_return !failed;
  }

  Awaitable<bool> write_pieces(std::string_view head, const SharedPieces& body) {
    constexpr std::size_t kBuffers = 64;  // in one call of the system
    std::vector<net::const_buffer> buffers = {net::buffer(head)};
    for (std::size_t i = 0; i < body.pieces.size(); ++i) {
      const auto bytes = body.pieces[i].bytes;
      buffers.push_back(net::buffer(bytes.data(), bytes.size()));
      if (buffers.size() < kBuffers && i + 1 < body.pieces.size()) continue;
      deadline(timing::kWriteProgressUs);
      if (const auto [failed, size] = co_await net::async_write(stream_, buffers, kAwait); failed) {
        co_return false;
      }
      buffers.clear();
    }
    co_return true;
  }

  // The head leaves in one packet with the file's first bytes.
  Awaitable<bool> write_before_file(std::string_view head) {
    if constexpr (!kSecure) {
      const ssize_t sent = ::send(stream_.native_handle(), head.data(), head.size(),
                                  MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) head.remove_prefix(static_cast<std::size_t>(sent));
      if (head.empty()) co_return true;
    }
    co_return co_await write(head);
  }

  // Says goodbye: the peer gets to read the last answer before the socket goes.
  Awaitable<> end() {
    deadline(timing::kCloseUs);
    if constexpr (kSecure) co_await stream_.async_shutdown(kAwait);
    error_code ignored;
    socket_of(stream_).shutdown(Socket::shutdown_send, ignored);
    std::array<char, 512> rest{};
    while (true) {
      const auto [failed, size] =
          co_await socket_of(stream_).async_read_some(net::buffer(rest), kAwait);
      if (failed) break;
    }
    abort();
  }

  void take_over(http::request<http::string_body> message,
                 std::function<void(std::shared_ptr<PushChannel>)> start) {
    auto channel = std::make_shared<WebSocketChannel<Stream>>(environment_, std::move(stream_),
                                                              this->address());
    net::co_spawn(
        environment_.context,
        [channel, message = std::move(message), start = std::move(start)]() mutable {
          return channel->run(std::move(message), std::move(start));
        },
        net::detached);
  }

  void tunnel(http::request<http::string_body> message) {
    auto channel =
        std::make_shared<TunnelChannel<Stream>>(environment_, std::move(stream_), this->address());
    net::co_spawn(
        environment_.context,
        [channel, message = std::move(message)]() mutable {
          return channel->run(std::move(message));
        },
        net::detached);
  }

  void count(unsigned status) {
    auto& traffic = environment_.traffic;
    ++(status < 400   ? traffic.requests_ok
       : status < 500 ? traffic.requests_refused
                      : traffic.requests_failed);
  }

  // Media and static files that went well are counted only: they are most of the lines and tell
  // least.
  void log_request(const Request& request, unsigned status, std::uint64_t size,
                   std::int64_t began_us) const {
    const bool quiet = status < 400 && !request.path.starts_with("/api/");
    const double took_ms =
        static_cast<double>(environment_.clock.monotonic_us() - began_us) / 1000.0;
    if (quiet) {
      environment_.log.debug("{} {} {} status={} bytes={} ms={:.1f}", request.address,
                             name_of(request.method), request.path, status, size, took_ms);
    } else {
      environment_.log.info("{} {} {} status={} bytes={} ms={:.1f}", request.address,
                            name_of(request.method), request.path, status, size, took_ms);
    }
  }

  Environment& environment_;
  const std::string peer_;
  Stream stream_;
  beast::flat_buffer incoming_{kHeaderBytes + kBodyBytes};
  bool busy_ = false;
  bool winding_down_ = false;
};

template <typename Stream>
void start(Environment& environment, Stream stream, std::string address) {
  auto connection =
      std::make_shared<HttpConnection<Stream>>(environment, std::move(stream), std::move(address));
  net::co_spawn(
      environment.context, [connection] { return connection->run(); }, net::detached);
}

}  // namespace

void serve_plain(Environment& environment, Socket socket, std::string address) {
  start(environment, std::move(socket), std::move(address));
}

void serve_tls(Environment& environment, net::ssl::context& tls, Socket socket,
               std::string address) {
  start(environment, TlsStream(std::move(socket), tls), std::move(address));
}

}  // namespace sitecast::gateway
