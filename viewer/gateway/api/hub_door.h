// SPDX-License-Identifier: Apache-2.0
// The way to the running hub for what it alone may do: enrolments, and taking a device's rights
// away. One thread asks, one question after the other, so that no read thread waits for the hub or
// its broker. Thread-safe: ask() from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "proto/base/result.h"

namespace sitecast::gateway {

class HubDoor {
 public:
  // On the door's thread. kUnavailable: the hub does not run, or its broker does not answer.
  using Done = std::function<void(Result<nlohmann::json>)>;

  explicit HubDoor(std::filesystem::path socket);
  ~HubDoor();  // stops
  // What has not been asked is dropped; the question under way is waited for. Idempotent.
  void stop();

  // False when too many wait already: answer 503.
  bool ask(nlohmann::json question, Done done);

 private:
  struct Question {
    nlohmann::json text;
    Done done;
  };
  void run();

  static constexpr std::size_t kWaiting = 32;
  const std::filesystem::path socket_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Question> questions_;  // by mutex_
  bool stopping_ = false;           // by mutex_
  std::thread thread_;
};

}  // namespace sitecast::gateway
