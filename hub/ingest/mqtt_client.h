// SPDX-License-Identifier: Apache-2.0
// The hub's one connection to the broker (MQTT 5, clean session), connected again for ever.
//
// Over Paho's C API: the C++ wrapper of Debian (1.2.0) can deadlock and copies every payload; here
// a message is handed on as Paho allocated it. Paho's callbacks only post. A connection that ended
// is destroyed and made anew by our own thread, so no state of Paho's outlives it. Persistence is
// off: receipts are cumulative, and a device asks again with `hello`.
//
// Thread-safety: publish() from any thread, never blocks on the network. on_message is called on
// Paho's thread and must only post. The rest belongs to the owner.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hub/ingest/arrival_queue.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct BrokerAddress {
  std::string url;  // mqtt://host:port on loopback, mqtts://host:port anywhere
  std::string username;
  std::filesystem::path password_file;  // read at each connect
  std::filesystem::path ca_file;        // mqtts only; empty: the system's
};
// kInvalidArgument with what to write instead.
Status check_broker_url(std::string_view url);

class MqttClient {
 public:
  struct Options {
    BrokerAddress broker;
    std::vector<std::string> subscriptions;  // QoS 1
    std::function<void(Arrival)> on_message;
    std::function<void()> on_ready;  // each time the subscriptions are in force; only posts
  };

  MqttClient(Options options, const Clock& clock, Log log);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  void start();
  // Disconnects after what was published has gone out, at most a second later. Idempotent.
  void stop();
  // No more messages from now on; what is published still goes out.
  void stop_receiving();

  // QoS 1. false: not connected or too much is waiting already; the message is gone.
  bool publish(const std::string& topic, std::string_view payload);
  [[nodiscard]] bool ready() const { return ready_.load(); }
  [[nodiscard]] std::uint64_t connects() const { return connects_.load(); }

 private:
  struct Session;
  void run();
  bool stopping();
  bool hold_session();
  bool serve(const std::shared_ptr<Session>& session, const std::string& port);
  bool subscribe(Session& session);
  void say_farewell(Session& session);

  Options options_;
  const Clock* clock_;
  Log log_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> receiving_{true};
  std::atomic<std::uint64_t> connects_{0};

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  Mutex session_mutex_;  // publish() against the end of a session
  std::shared_ptr<Session> session_ SC_GUARDED_BY(session_mutex_);
  std::shared_ptr<Session> ended_session_;  // of thread_ alone
  std::thread thread_;
};

}  // namespace sitecast::hub
