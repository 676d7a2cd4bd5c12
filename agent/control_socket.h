// SPDX-License-Identifier: Apache-2.0
// Commands of other processes reach the owner through a Unix socket in the spool's folder (mode
// 0600). One JSON object per line: the client sends its request and, when it wants the command to
// end,
// {"stop":true}, as often as it was told to; the owner answers with what the command says and at
// last {"exit":CODE}. A client that goes away stops its command. Threads: the server has one that
// accepts and one per client.
#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include "agent/owner.h"
#include "agent/request.h"
#include "agent/stop_signal.h"

namespace sitecast::agent {

class ControlServer {
 public:
  static Result<std::unique_ptr<ControlServer>> listen(const std::filesystem::path& folder,
                                                       Owner& owner);
  // Takes no new command and waits for those that run; raising `stop` ends them.
  void finish(StopSignal& stop);
  ~ControlServer();

 private:
  struct Client {
    int descriptor = -1;
    StopSignal stop;
    std::atomic<bool> done = false;
    std::thread thread;
  };
  ControlServer(Owner& owner, std::filesystem::path path, int descriptor);
  void accept_clients();
  void serve(Client& client);

  Owner& owner_;
  const std::filesystem::path path_;
  const int descriptor_;
  StopSignal closing_;
  std::list<Client> clients_;  // accepting thread; after its end, whoever calls finish
  std::thread thread_;
};

// An owner is there and takes commands.
bool owner_listens(const std::filesystem::path& folder);

// Hands `request` to the owner; the exit code, or nullopt when no owner answers.
std::optional<int> run_at_owner(const std::filesystem::path& folder, const Request& request,
                                StopSignal& stop, const Reply& reply);

}  // namespace sitecast::agent
