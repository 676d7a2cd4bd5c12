// SPDX-License-Identifier: Apache-2.0
// The io thread: one event loop for sockets, timers, signals and what other threads post. It is the
// thread that calls run(). No Asio type is needed to use it.
// Thread-safe: post(), stop(). Everything else before run() or on the io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sitecast::gateway {

class IoLoop {
 public:
  IoLoop();
  ~IoLoop();

  void post(std::function<void()> work);
  // Again and again, `every_us` after the end of the last call, until the loop stops.
  void repeat(std::int64_t every_us, std::function<void()> work);
  void after(std::int64_t wait_us, std::function<void()> work);
  // SIGINT and SIGTERM, once.
  void on_stop_signal(std::function<void()> work);

  void run();  // until stop()
  void stop();

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sitecast::gateway
