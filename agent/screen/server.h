// SPDX-License-Identifier: Apache-2.0
// HTTP and WebSocket on 127.0.0.1 for the screen of this device: hands out the page's files, and
// carries messages between pages and whoever films. Threads: one of its own, on which the hooks are
// called; they must return soon. tell() may be called from any thread. Errors of one connection end
// that connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/screen/files.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct ScreenMessage {
  std::shared_ptr<const std::string> bytes;
  bool picture = false;         // binary; may be left out where a page is behind
  bool starts_segment = false;  // of pictures: what was left out before does no harm
};

class ScreenServer {
 public:
  using Page = std::uint64_t;  // one that is open

  struct Hooks {
    std::function<std::vector<ScreenMessage>()> greeting;  // what a new page is told first
    std::function<void(Page, std::string)> heard;
  };

  // `port` 0: any that is free. kUnavailable: it is taken.
  static Result<std::unique_ptr<ScreenServer>> listen(std::uint16_t port, ScreenFiles files,
                                                      Hooks hooks);
  ~ScreenServer();

  // Ends its thread: behind it no hook is called and nothing is sent any more. Not from a hook. Who
  // is used by hooks stops first and lets go of the server then: a hook that runs still tells it.
  void stop();

  // To be opened in a browser of this machine; keeps the token secret from others.
  [[nodiscard]] const std::string& address() const;

  void tell(ScreenMessage message);             // to every page
  void tell(Page page, ScreenMessage message);  // to this one, if it is still there

  static constexpr std::size_t kPages = 4;  // at once
  static constexpr std::size_t kHeardBytes = 16 << 10;
  static constexpr std::size_t kPicturesBehind = 45;

 private:
  struct Impl;
  explicit ScreenServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sitecast::agent
