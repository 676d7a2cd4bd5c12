// SPDX-License-Identifier: Apache-2.0
// What a request ends in: a response, or the permission to go on as a WebSocket.
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

using Answer = std::variant<Response, Upgrade>;

// Answers requests. Owner thread: the io thread; `done` runs there exactly once, at once or later.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual void handle(std::shared_ptr<const Request> request, std::function<void(Answer)> done) = 0;
};

}  // namespace sitecast::gateway
