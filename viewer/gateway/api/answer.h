// SPDX-License-Identifier: Apache-2.0
// What a request ends in: a response, or the permission to go on as a WebSocket or a tunnel.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "viewer/gateway/http/message.h"
#include "viewer/gateway/live/push_channel.h"

namespace sitecast::gateway {

// `start` runs on the io thread once the handshake is done.
struct Upgrade {
  std::function<void(std::shared_ptr<PushChannel>)> start;
};

inline constexpr std::uint64_t kSmallBodyBytes = 16 * 1024;

// Go on as a tunnel to the broker (server/tunnel_channel.h).
struct Tunnel {};

using Answer = std::variant<Response, Upgrade, Tunnel>;

// Answers requests. Owner thread: the io thread; `done` runs there exactly once, at once or later.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // How much body this request may bring; asked once its head is there. Small unless somebody who
  // may send a file asks for where files go.
  [[nodiscard]] virtual std::uint64_t body_limit(const Request& head) const = 0;
  virtual void handle(std::shared_ptr<const Request> request, std::function<void(Answer)> done) = 0;
};

}  // namespace sitecast::gateway
