// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 and WebSocket listener, plain (loopback only, config.h) or TLS 1.2+. What it defends
// against, in numbers: README.md, "Limits".
// Owner thread: the io thread (open() before it runs). No Asio or Beast type is needed to use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/result.h"
#include "viewer/gateway/api/answer.h"
#include "viewer/gateway/api/read_pool.h"
#include "viewer/gateway/config.h"
#include "viewer/gateway/server/io_loop.h"
#include "viewer/gateway/server/traffic.h"

namespace sitecast::gateway {

struct ServerSettings {
  Endpoint listen;  // port 0: any free one
  std::optional<TlsFiles> tls;
  LimitsConfig limits;
  std::string content_security_policy;
  std::vector<std::string> trusted_proxy;  // who may say whose request it is
  bool public_tls = false;                 // browsers come over TLS, though it may end before us
  std::optional<Endpoint> broker;  // of the tunnel; absent: the handler never answers with one
};

class Server {
 public:
  // Binds and listens; accepts once the loop runs. kInvalidArgument: certificate or key unusable;
  // kUnavailable: address in use. Everything passed by reference outlives the server.
  static Result<std::unique_ptr<Server>> open(IoLoop& loop, ServerSettings settings,
                                              RequestHandler& handler, ReadPool& disk,
                                              const Clock& clock, Traffic& traffic);
  ~Server();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connection_count() const;
  // No new connections; idle ones end now, busy ones after their current answer.
  void wind_down();
  void abort_all();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sitecast::gateway
