// SPDX-License-Identifier: Apache-2.0
// A connected Unix stream socket that carries one JSON object per line. Owner thread: one for
// reading, one for writing. Closes its descriptor.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/stop_signal.h"
#include "proto/base/result.h"

namespace sitecast::agent {

class LineSocket {
 public:
  explicit LineSocket(int descriptor) : descriptor_(descriptor) {}
  ~LineSocket() { ::close(descriptor_); }
  LineSocket(const LineSocket&) = delete;
  LineSocket& operator=(const LineSocket&) = delete;

  // False: the other side has gone.
  bool write(const nlohmann::json& object);
  // The next object; nullopt when the other side has gone, sent something else, or `stop` is raised
  // (told apart by stop.raised()).
  std::optional<nlohmann::json> read(const StopSignal& stop);

 private:
  const int descriptor_;
  std::string buffer_;
};

// Binds or connects a socket at `path`, however long its name is (sun_path takes 107 bytes).
Result<int> listen_at(const std::filesystem::path& path);
Result<int> connect_to(const std::filesystem::path& path);

}  // namespace sitecast::agent
