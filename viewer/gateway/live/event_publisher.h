// SPDX-License-Identifier: Apache-2.0
// States events for people: publishes them under the gateway's own device (MQTT 5, user
// gateway-publisher) and answers when the hub's receipt is there. One kept connection, made again
// when it is lost; what has no receipt then goes out again on the next, stored once by its id.
// Threads: state() and publish() from any; one thread of its own connects, sends and answers;
// Paho's only post.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"
#include "viewer/gateway/live/broker_reader.h"

namespace sitecast::gateway {

class EventPublisher {
 public:
  // Called once, on the publisher's thread (on the caller's, when too much waits); must only post.
  // Ok: all are durable at the hub; one that was there already counts (CONFLICT is the same id with
  // other bytes: what was stated first stays). kUnavailable: broker or hub are away or full, some
  // may be stored: state the same again with the same ids. kFailedPrecondition: the hub refuses one
  // for good.
  using Done = std::function<void(Status)>;

  // `device_file`: the hub's note of the id under which the gateway publishes; read at each
  // connect.
  EventPublisher(BrokerSettings settings, std::filesystem::path device_file);
  ~EventPublisher();  // stops
  void start();
  // What waits is answered: unavailable. Idempotent.
  void stop();

  void state(ProjectId project, const std::vector<v1::Event>& events, Done done);
  // The same, blocking.
  Status publish(ProjectId project, const std::vector<v1::Event>& events);
  // Beside the events, on the connection that stands; without one it goes nowhere.
  void send(std::string topic, std::shared_ptr<const std::string> payload, int qos);
  // Called on the publisher's thread; must only post. Set before start().
  struct Watcher {
    std::function<void(DeviceId gateway)> connected;
    std::function<void(const v1::Receipt&)> receipt;
  };
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }

 private:
  class Connection;
  struct Pending {
    ProjectId project;
    struct Stated {
      std::string id, bytes;
      bool done = false;
    };
    std::vector<Stated> events;
    Done done;
    std::int64_t until_us = 0;  // without another receipt
    bool sent = false;          // on this connection
  };
  struct Sending {
    std::string topic;
    std::shared_ptr<const std::string> payload;
    int qos = 0;
  };
  using Pendings = std::list<std::shared_ptr<Pending>>;

  void run();
  void serve(Connection& connection);
  // Waits until something happened; what there is to do. False: stop, or the connection is lost.
  bool next(Pendings& unsent, std::vector<v1::Receipt>& receipts, std::vector<Sending>& sending);
  void pause(std::int64_t pause_us);
  void take(const v1::Receipt& receipt);
  void finish(const std::shared_ptr<Pending>& pending, const Status& status);
  void finish_late();
  std::vector<std::shared_ptr<Pending>> all();

  const BrokerSettings settings_;
  const std::filesystem::path device_file_;
  const SystemClock clock_;
  Watcher watcher_;
  const Log log_{"gateway/state"};

  Mutex mutex_;
  CondVar changed_;
  Pendings pending_ SC_GUARDED_BY(mutex_);
  std::vector<v1::Receipt> receipts_ SC_GUARDED_BY(mutex_);
  std::vector<Sending> sending_ SC_GUARDED_BY(mutex_);
  bool up_ SC_GUARDED_BY(mutex_) = false;
  bool lost_ SC_GUARDED_BY(mutex_) = false;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::gateway
