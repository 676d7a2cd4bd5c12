// SPDX-License-Identifier: Apache-2.0
// What every connection needs of its server. Private to server/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "viewer/gateway/api/answer.h"
#include "viewer/gateway/api/read_pool.h"
#include "viewer/gateway/config.h"
#include "viewer/gateway/server/asio.h"
#include "viewer/gateway/server/connections.h"
#include "viewer/gateway/server/traffic.h"

namespace sitecast::gateway {

struct Environment {
  net::io_context& context;
  RequestHandler& handler;
  ReadPool& disk;
  const Clock& clock;
  Traffic& traffic;
  Connections& connections;
  const std::string& content_security_policy;
  const std::vector<std::string>& trusted_proxy;
  const bool public_tls;
  const std::optional<Endpoint>& broker;  // of the tunnel
  Log log{"gateway/http"};
};

// Runs until the connection ends; owns itself meanwhile (connection.cpp).
void serve_plain(Environment& environment, Socket socket, std::string address);
void serve_tls(Environment& environment, net::ssl::context& tls, Socket socket,
               std::string address);

}  // namespace sitecast::gateway
