// SPDX-License-Identifier: Apache-2.0
// Which WebSocket was opened by which session for which project, so that a right that ends closes
// what it opened. Owner thread: the io thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "viewer/gateway/accounts/store.h"
#include "viewer/gateway/live/push_channel.h"

namespace sitecast::gateway {

class OpenSockets {
 public:
  struct Right {
    TokenHash session{};
    Subject subject;  // as it was when the socket opened; memberships are read anew at each check
    ProjectId project;
  };

  void add(const std::shared_ptr<PushChannel>& channel, Right right);
  void close_session(const TokenHash& session);
  // Closes every socket for which `still_allowed` says no.
  void close_unless(const std::function<bool(const Right&)>& still_allowed);
  void close_all(CloseCode code);

  // Users (other than the centre's) with a socket open.
  [[nodiscard]] std::set<std::string> users() const;
  [[nodiscard]] std::size_t size() const { return sockets_.size(); }

 private:
  struct Socket {
    std::shared_ptr<PushChannel> channel;
    Right right;
  };
  std::map<const PushChannel*, Socket> sockets_;
};

}  // namespace sitecast::gateway
