// SPDX-License-Identifier: Apache-2.0
// The running hub's door for commands: a Unix socket that only the hub's user may connect to. One
// request and one answer per connection, each a line of JSON.
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
  using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;

  // `handle` is called on the server's thread, one request at a time.
  static Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& path,
                                                      Handler handle, Log log);
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

// Asks the running hub. nullopt: none runs. The hub's refusal is the error.
Result<std::optional<nlohmann::json>> ask_running_hub(const std::filesystem::path& path,
                                                      const nlohmann::json& request);

}  // namespace sitecast::hub
