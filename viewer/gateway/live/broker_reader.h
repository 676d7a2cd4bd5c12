// SPDX-License-Identifier: Apache-2.0
// The gateway's reading connection to the broker (MQTT 5, user gateway-reader): live parts, device
// status and the projects' feeds. One thread of its own connects, subscribes and reconnects for
// ever (0.2 s doubling to 5 s, a new client each time); Paho's callbacks only parse and post. What
// the io thread does not take fast enough is bounded: over 64 MiB of parts on their way, further
// live parts are left out and counted (they reach the archive all the same).
// Thread-safe: start() and stop() from the owner; the functions of Receiver run on the io thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"
#include "viewer/gateway/live/part.h"

namespace sitecast::gateway {

struct BrokerSettings {
  std::string url;  // mqtt://host:port or mqtts://host:port
  std::string username;
  std::string password;
  std::filesystem::path ca_file;  // for mqtts
};

class BrokerReader {
 public:
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void on_part(ProjectId project, DeviceId device, CaptureId capture,
                         std::shared_ptr<const LivePart> part) = 0;
    // `retained`: said before this connection was there.
    virtual void on_status(ProjectId project, DeviceId device, const v1::DeviceStatus& status,
                           bool retained) = 0;
    virtual void on_event(ProjectId project, const v1::CommittedEvent& committed) = 0;
    // Connected and subscribed; what happened before this moment may have been missed.
    virtual void on_connected() = 0;
    virtual void on_disconnected() = 0;  // after on_connected
  };
  using Post = std::function<void(std::function<void()>)>;

  struct Counters {
    std::atomic<std::uint64_t> parts{0};
    std::atomic<std::uint64_t> part_bytes{0};
    std::atomic<std::uint64_t> parts_left_out{0};
    std::atomic<std::uint64_t> malformed{0};
    std::atomic<std::uint64_t> retained{0};  // live parts of the past, left out
    std::atomic<bool> connected{false};
  };

  BrokerReader(BrokerSettings settings, Post post_to_io, Receiver& receiver);
  ~BrokerReader();  // stops
  void start();
  void stop();  // idempotent; blocking for at most a few seconds

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  class Connection;

  void run();
  bool stop_requested(std::int64_t wait_us);  // waits that long for it

  const BrokerSettings settings_;
  const Post post_;
  Receiver& receiver_;
  const Log log_{"gateway/broker"};
  Counters counters_;
  std::atomic<std::uint64_t> bytes_on_their_way_{0};
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  bool lost_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::gateway
