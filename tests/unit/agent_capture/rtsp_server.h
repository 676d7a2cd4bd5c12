// SPDX-License-Identifier: Apache-2.0
// A network camera for tests: an RTSP server on loopback with a port of its own choice, its main
// loop on a thread of its own. Owner thread: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace sitecast::test {

class RtspServer {
 public:
  // `launch`: GStreamer text with payloaders named pay0 (and pay1).
  explicit RtspServer(const std::string& launch);
  ~RtspServer();
  RtspServer(const RtspServer&) = delete;
  RtspServer& operator=(const RtspServer&) = delete;

  [[nodiscard]] std::string url() const;
  // Cuts every client off and serves no more, as a camera that loses its power.
  void die();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sitecast::test
