// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/open_sockets.h"

namespace sitecast::gateway {

void OpenSockets::add(const std::shared_ptr<PushChannel>& channel, Right right) {
  const PushChannel* raw = channel.get();
  sockets_.emplace(raw, Socket{channel, std::move(right)});
  channel->when_closed([this, raw] { sockets_.erase(raw); });
}

void OpenSockets::close_session(const TokenHash& session) {
  close_unless([&](const Right& right) { return right.session != session; });
}

void OpenSockets::close_unless(const std::function<bool(const Right&)>& still_allowed) {
  for (const auto& [raw, socket] : sockets_) {
    if (!still_allowed(socket.right)) socket.channel->close(CloseCode::kPolicyViolation);
  }
}

void OpenSockets::close_all(CloseCode code) {
  for (const auto& [raw, socket] : sockets_) socket.channel->close(code);
}

std::set<std::string> OpenSockets::users() const {
  std::set<std::string> users;
  for (const auto& [raw, socket] : sockets_) {
    if (socket.right.subject.account_role != Role::kCentre) users.insert(socket.right.subject.user);
  }
  return users;
}

}  // namespace sitecast::gateway
