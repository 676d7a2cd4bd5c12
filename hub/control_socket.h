// SPDX-License-Identifier: Apache-2.0
// The running hub's doors on this machine: Unix sockets, one for commands, to which only the hub's
// user may connect, one for the gateway and with it the hub's group. One request and one answer per
// connection, each a line of JSON.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "proto/base/log.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class ControlServer {
 public:
  enum class Access { kOwner, kGroup };
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;

  // `handle` is called on the server's thread, one request at a time.
  static Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& path,
                                                      Access access, Handler handle, Log log);
  // Stops and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer(std::filesystem::path path, Handler handle, Log log);
  void run();
  void serve(int connection);

  std::filesystem::path path_;
  Handler handle_;
  Log log_;
  int listener_ = -1;
  int stop_event_ = -1;
  std::thread thread_;
};

// Asks the running hub. nullopt: none runs. The hub's refusal is the error, of its kind.
Result<std::optional<nlohmann::json>> ask_running_hub(const std::filesystem::path& path,
                                                      const nlohmann::json& request);

}  // namespace sitecast::hub
