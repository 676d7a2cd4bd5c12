// SPDX-License-Identifier: Apache-2.0
#include "agent/screen/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "agent/screen/access.h"

namespace sitecast::agent {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using HttpRequest = http::request<http::empty_body>;
using HttpAnswer = http::response<http::string_body>;

constexpr std::chrono::seconds kHttpTime{10};
constexpr std::size_t kHeaderBytes = 8 << 10;
constexpr std::size_t kConnections = 24;
constexpr std::size_t kTextsBehind = 200;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

ScreenRequest about(const HttpRequest& request, bool websocket) {
  ScreenRequest about;
  about.host = view(request[http::field::host]);
  if (const auto origin = request.find(http::field::origin); origin != request.end()) {
    about.origin = view(origin->value());
  }
  about.target = view(request.target());
  about.websocket = websocket;
  return about;
}

HttpAnswer answer_with(const HttpRequest& request, http::status status, std::string body,
                       std::string_view content_type) {
  HttpAnswer answer(status, 11);
  answer.keep_alive(false);
  answer.set(http::field::content_type,
             beast::string_view(content_type.data(), content_type.size()));
  answer.set(http::field::cache_control, "no-store");
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set("Referrer-Policy", "no-referrer");  // the address holds the token
  answer.set("Cross-Origin-Resource-Policy", "same-origin");
  answer.set("Content-Security-Policy",
             "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
             "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'");
  const std::size_t size = body.size();
  if (request.method() != http::verb::head) answer.body() = std::move(body);
  answer.content_length(size);
  return answer;
}

}  // namespace

struct ScreenServer::Impl {
  Impl(ScreenFiles the_files, Hooks the_hooks)
      : files(std::move(the_files)), hooks(std::move(the_hooks)), acceptor(io) {}

  class Session;
  class Visit;

  Status listen(std::uint16_t port);
  void accept();

  const ScreenFiles files;
  const Hooks hooks;
  std::optional<ScreenAccess> access;
  std::string address;
  std::size_t connections = 0;  // io thread; outlives what the loop holds
  net::io_context io{1};
  net::ip::tcp::acceptor acceptor;
  // io thread.
  std::map<Page, std::shared_ptr<Session>> pages;
  Page next_page = 1;
  std::thread thread;
};

// A page that is open. io thread; kept by its table until the connection ends.
class ScreenServer::Impl::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Impl& server, beast::tcp_stream stream) : server_(server), stream_(std::move(stream)) {}

  void begin(HttpRequest request) {
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.read_message_max(kHeardBytes);
    request_ = std::move(request);
    stream_.async_accept(request_, [self = shared_from_this()](error_code failed) {
      if (failed || self->server_.pages.size() >= kPages) return;
      self->page_ = self->server_.next_page++;
      self->server_.pages[self->page_] = self;
      for (ScreenMessage& message : self->server_.hooks.greeting()) self->send(std::move(message));
      self->read();
    });
  }

  void send(ScreenMessage message) {
    if (message.picture) {
      if (skipping_ && !message.starts_segment) return;
      skipping_ = pictures_ >= kPicturesBehind;
      if (skipping_) return;
      ++pictures_;
    } else if (queue_.size() - pictures_ >= kTextsBehind) {
      return end();  // it does not listen
    }
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) write();
  }

 private:
  void read() {
    stream_.async_read(incoming_, [self = shared_from_this()](error_code failed, std::size_t) {
      if (failed) return self->end();
      std::string text = beast::buffers_to_string(self->incoming_.data());
      self->incoming_.clear();
      if (self->stream_.got_text()) self->server_.hooks.heard(self->page_, std::move(text));
      self->read();
    });
  }

  void write() {
    const ScreenMessage& first = queue_.front();
    stream_.binary(first.picture);
    stream_.async_write(net::buffer(*first.bytes),
                        [self = shared_from_this()](error_code failed, std::size_t) {
                          if (failed) return self->end();
                          if (self->queue_.front().picture) --self->pictures_;
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->write();
                        });
  }

  void end() {
    server_.pages.erase(page_);
    beast::get_lowest_layer(stream_).close();
  }

  Impl& server_;
  websocket::stream<beast::tcp_stream> stream_;
  HttpRequest request_;
  beast::flat_buffer incoming_;
  std::deque<ScreenMessage> queue_;  // the first is being written
  std::size_t pictures_ = 0;         // of the queue
  bool skipping_ = false;
  Page page_ = 0;
};

// One request; every connection has one. io thread; owns itself by the handler that is under way.
class ScreenServer::Impl::Visit : public std::enable_shared_from_this<Visit> {
 public:
  Visit(Impl& server, net::ip::tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    ++server_.connections;
    parser_.header_limit(kHeaderBytes);
    parser_.body_limit(0);
  }
  ~Visit() { --server_.connections; }

  void begin() {
    stream_.expires_after(kHttpTime);
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](error_code failed, std::size_t) {
                       if (!failed) self->take(self->parser_.release());
                     });
  }

 private:
  void take(HttpRequest request) {
    const bool socket = websocket::is_upgrade(request);
    const auto path = server_.access->path_of(about(request, socket));
    if (!path.ok()) {
      const bool denied = path.error().kind() == ErrorKind::kPermissionDenied;
      return say(request, denied ? http::status::forbidden : http::status::not_found,
                 path.error().message() + "\n");
    }
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return say(request, http::status::method_not_allowed, "only to be read\n");
    }
    if (socket && *path == "socket") {
      stream_.expires_never();  // the WebSocket has its own
      std::make_shared<Session>(server_, std::move(stream_))->begin(std::move(request));
      return;
    }
    const auto file = server_.files.find(*path);
    if (file == nullptr) return say(request, http::status::not_found, "nothing is here\n");
    write(answer_with(request, http::status::ok, file->bytes, file->content_type));
  }

  void say(const HttpRequest& request, http::status status, std::string text) {
    write(answer_with(request, status, std::move(text), "text/plain; charset=utf-8"));
  }

  void write(HttpAnswer answer) {
    answer_ = std::move(answer);
    http::async_write(stream_, answer_, [self = shared_from_this()](error_code, std::size_t) {
      error_code ignored;
      self->stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    });
  }

  Impl& server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request_parser<http::empty_body> parser_;
  HttpAnswer answer_;
};

Status ScreenServer::Impl::listen(std::uint16_t port) {
  error_code failed;
  const net::ip::tcp::endpoint at(net::ip::address_v4::loopback(), port);
  acceptor.open(at.protocol(), failed);
  if (!failed) acceptor.set_option(net::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(at, failed);
  if (!failed) acceptor.listen(16, failed);
  if (failed) {
    return unavailable("screen.port: cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                       failed.message());
  }
  access.emplace(acceptor.local_endpoint(failed).port(), ScreenAccess::make_token());
  address = access->address();
  return Ok{};
}

void ScreenServer::Impl::accept() {
  acceptor.async_accept([this](error_code failed, net::ip::tcp::socket socket) {
    if (failed == net::error::operation_aborted) return;
    if (!failed && connections < kConnections) {
      error_code ignored;
      socket.set_option(net::ip::tcp::no_delay(true), ignored);
      std::make_shared<Visit>(*this, std::move(socket))->begin();
    }
    accept();
  });
}

ScreenServer::ScreenServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ScreenServer::~ScreenServer() {
  stop();
  impl_->pages.clear();
}

void ScreenServer::stop() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

Result<std::unique_ptr<ScreenServer>> ScreenServer::listen(std::uint16_t port, ScreenFiles files,
                                                           Hooks hooks) {
  auto impl = std::make_unique<Impl>(std::move(files), std::move(hooks));
  SC_TRY(impl->listen(port));
  impl->accept();
  impl->thread = std::thread([io = &impl->io] { io->run(); });
  return std::unique_ptr<ScreenServer>(new ScreenServer(std::move(impl)));
}

const std::string& ScreenServer::address() const { return impl_->address; }

void ScreenServer::tell(ScreenMessage message) {
  net::post(impl_->io, [impl = impl_.get(), message = std::move(message)] {
    const auto pages = impl->pages;  // one that does not listen is taken out meanwhile
    for (const auto& [page, session] : pages) session->send(message);
  });
}

void ScreenServer::tell(Page page, ScreenMessage message) {
  net::post(impl_->io, [impl = impl_.get(), page, message = std::move(message)] {
    const auto found = impl->pages.find(page);
    if (found != impl->pages.end()) std::shared_ptr(found->second)->send(message);
  });
}

}  // namespace sitecast::agent
