// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/server/server.h"

#include <openssl/ssl.h>

#include "viewer/gateway/http/client_address.h"
#include "viewer/gateway/server/environment.h"

namespace sitecast::gateway {
namespace {

constexpr std::int64_t kSweepUs = 100'000;
constexpr std::int64_t kAcceptPauseUs = 100'000;
constexpr int kBacklog = 1024;

int select_http11(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                  const unsigned char* offered, unsigned offered_size, void* /*unused*/) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<std::unique_ptr<net::ssl::context>> make_tls(const TlsFiles& files) {
  try {
    auto tls = std::make_unique<net::ssl::context>(net::ssl::context::tls_server);
    tls->set_options(net::ssl::context::default_workarounds | net::ssl::context::no_sslv2 |
                     net::ssl::context::no_sslv3 | net::ssl::context::no_tlsv1 |
                     net::ssl::context::no_tlsv1_1);
    SSL_CTX_set_alpn_select_cb(tls->native_handle(), select_http11, nullptr);
    SSL_CTX_set_session_cache_mode(tls->native_handle(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(tls->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    tls->use_certificate_chain_file(files.certificate_file.string());
    tls->use_private_key_file(files.key_file.string(), net::ssl::context::pem);
    return tls;
  } catch (const boost::system::system_error& failure) {
    return invalid_argument("tls: cannot use " + files.certificate_file.string() + " with " +
                            files.key_file.string() + ": " + failure.what());
  }
}

}  // namespace

struct Server::Impl {
  Impl(IoLoop& io, ServerSettings with, RequestHandler& handler, ReadPool& disk,
       const Clock& the_clock, Traffic& traffic)
      : loop(io),
        settings(std::move(with)),
        connections(settings.limits.connections, settings.limits.connections_per_address),
        acceptor(io.context()),
        environment{io.context(),
                    handler,
                    disk,
                    the_clock,
                    traffic,
                    connections,
                    settings.content_security_policy,
                    settings.trusted_proxy,
                    settings.public_tls,
                    settings.broker} {}

  IoLoop& loop;
  const ServerSettings settings;
  Connections connections;
  net::basic_socket_acceptor<net::ip::tcp, Executor> acceptor;
  Environment environment;
  std::unique_ptr<net::ssl::context> tls;

  Status listen();
  void accept();
  void take(Socket socket);
};

Status Server::Impl::listen() {
  error_code failed;
  const net::ip::tcp::endpoint at(net::ip::make_address(settings.listen.address, failed),
                                  settings.listen.port);
  if (failed) return invalid_argument("listen: not an IP address: " + settings.listen.address);
  acceptor.open(at.protocol(), failed);
  if (!failed) acceptor.set_option(net::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(at, failed);
  if (!failed) acceptor.listen(kBacklog, failed);
  if (failed) {
    return unavailable("cannot listen on " + settings.listen.address + ":" +
                       std::to_string(settings.listen.port) + ": " + failed.message());
  }
  return Ok{};
}

void Server::Impl::accept() {
  acceptor.async_accept([this](error_code failed, Socket socket) {
    if (failed == net::error::operation_aborted) return;
    if (failed) {
      // Out of descriptors, most likely: let some connections end first.
      environment.log.warn("cannot accept a connection: {}", failed.message());
      loop.after(kAcceptPauseUs, [this] { accept(); });
      return;
    }
    take(std::move(socket));
    accept();
  });
}

void Server::Impl::take(Socket socket) {
  error_code failed;
  const auto peer = socket.remote_endpoint(failed);
  if (failed) return;  // gone already
  std::string address = peer.address().to_string();
  // A proxy's connections are counted for whom they carry, request by request.
  const bool is_proxy = is_trusted_proxy(address, settings.trusted_proxy);
  if (is_proxy ? connections.is_full() : !connections.has_room_for(address)) {
    ++environment.traffic.connections_refused;
    return;
  }
  ++environment.traffic.connections_accepted;
  socket.set_option(net::ip::tcp::no_delay(true), failed);
  if (tls) {
    serve_tls(environment, *tls, std::move(socket), std::move(address));
  } else {
    serve_plain(environment, std::move(socket), std::move(address));
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(IoLoop& loop, ServerSettings settings,
                                             RequestHandler& handler, ReadPool& disk,
                                             const Clock& clock, Traffic& traffic) {
  auto impl = std::make_unique<Impl>(loop, std::move(settings), handler, disk, clock, traffic);
  if (impl->settings.tls) {
    SC_TRY_ASSIGN(impl->tls, make_tls(*impl->settings.tls));
  }
  SC_TRY(impl->listen());
  impl->accept();
  loop.repeat(kSweepUs, [raw = impl.get()] {
    raw->environment.traffic.deadlines_missed +=
        raw->connections.sweep(raw->environment.clock.monotonic_us());
  });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  error_code failed;
  return impl_->acceptor.local_endpoint(failed).port();
}

std::size_t Server::connection_count() const { return impl_->connections.size(); }

void Server::wind_down() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->connections.wind_down_all();
}

void Server::abort_all() { impl_->connections.abort_all(); }

}  // namespace sitecast::gateway
