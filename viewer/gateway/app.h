// SPDX-License-Identifier: Apache-2.0
// The running gateway: builds every part, connects them, stops them in the opposite order.
// Owner thread: the one that calls run(), which becomes the io thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/result.h"
#include "viewer/gateway/accounts/accounts.h"
#include "viewer/gateway/api/plan_desk.h"
#include "viewer/gateway/api/read_pool.h"
#include "viewer/gateway/api/service.h"
#include "viewer/gateway/config.h"
#include "viewer/gateway/live/broker_reader.h"
#include "viewer/gateway/live/device_table.h"
#include "viewer/gateway/live/hls_live.h"
#include "viewer/gateway/live/live_hub.h"
#include "viewer/gateway/metrics.h"
#include "viewer/gateway/server/io_loop.h"
#include "viewer/gateway/server/server.h"
#include "viewer/gateway/server/traffic.h"
#include "viewer/gateway/static_files.h"
#include "viewer/gateway/talk/talk_carrier.h"
#include "viewer/gateway/talk/talk_desk.h"

namespace sitecast::gateway {

class App final : public BrokerReader::Receiver {
 public:
  // Opens accounts, web files, listener and metrics; the broker and the index may come later.
  // `open_reader` runs on the read threads.
  static Result<std::unique_ptr<App>> open(Config config, ReadPool::ReaderFactory open_reader);
  ~App() override;

  // Serves until a stop signal or stop(); `ready` runs when requests are answered.
  void run(const std::function<void()>& ready);
  void stop();  // thread-safe

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

 private:
  explicit App(Config config);
  Status build(ReadPool::ReaderFactory open_reader);
  Status open_broker_reader();
  Status open_desk();
  Status open_talk();
  Status open_metrics();
  void tick();
  void begin_stop();

  void on_part(ProjectId project, DeviceId device, CaptureId capture,
               std::shared_ptr<const LivePart> part) override;
  void on_status(ProjectId project, DeviceId device, const v1::DeviceStatus& status,
                 bool retained) override;
  void on_disconnected() override;
  void on_event(ProjectId project, const v1::CommittedEvent& committed) override;
  void on_connected() override;

  // Declared so that what others use is destroyed after them.
  const Config config_;
  const Log log_{"gateway"};
  SystemClock clock_;
  Traffic traffic_;
  LiveHub::Counters live_counters_;  // by counters_mutex_; for the metrics' threads
  HlsLive::Counters hls_counters_;   // the same
  mutable Mutex counters_mutex_;
  IoLoop loop_;
  LiveSnapshotHolder snapshot_;
  LiveHub live_{snapshot_};
  HlsLive hls_{live_};
  DeviceTable devices_;
  StaticFiles static_files_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<ReadPool> pool_;
  std::unique_ptr<EventPublisher> publisher_;  // null: nothing can be stated
  std::unique_ptr<TalkCarrier> carrier_;       // null with the publisher
  std::unique_ptr<TalkDesk> talk_;
  std::unique_ptr<PlanDesk> desk_;
  std::unique_ptr<HubDoor> hub_door_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<BrokerReader> broker_;
  std::unique_ptr<MetricsListener> metrics_;
  bool stopping_ = false;  // io thread
};

// Policy of every page: nothing from another host, no inline script, media from this host or
// memory.
std::string content_security_policy(const std::string& public_origin);

}  // namespace sitecast::gateway
