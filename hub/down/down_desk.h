// SPDX-License-Identifier: Apache-2.0
// Sends down to devices what was directed to them: each statement when it is readable, and again
// what still matters when a device asks or this hub connects anew. Keeps nothing (README.md).
// Thread-safety: stated(), hello() and connected() from any thread, they only post; publish is
// called on the desk's thread. Errors: what cannot be read or sent now is asked for again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "hub/enrol/devices.h"
#include "hub/index/reader.h"
#include "hub/index/work.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

class DownDesk {
 public:
  static constexpr std::int64_t kOverlapUs = 600'000'000;              // README of proto
  static constexpr std::int64_t kOldestUs = 7LL * 24 * 3'600'000'000;  // of pins and messages
  static constexpr std::uint32_t kDirections = 64;
  static constexpr std::uint32_t kRequests = 1'000;

  using Publish = std::function<bool(const std::string& topic, std::string_view payload)>;
  struct Parts {
    std::filesystem::path state_dir;
    const EnrolledView* enrolled;
    const Clock* clock;
    Publish publish;
  };
  DownDesk(Parts parts, Log log);
  ~DownDesk();  // stops
  void start();
  // Drops what waits. Idempotent.
  void stop();

  void stated(const IndexChanges::Event& event);
  // A hello that asks.
  void hello(ProjectId project, DeviceId device, std::int64_t heard_until_us);
  // The hub's connection stands (again).
  void connected();

 private:
  struct Asked {
    ProjectId project;
    DeviceId device;
    std::int64_t heard_until_us = 0;
  };
  struct Connected {};
  using Input = std::variant<IndexChanges::Event, Asked, Connected>;

  void post(Input input);
  void run();
  void take(const Input& input);
  void tell(const IndexChanges::Event& event);
  void answer(const Asked& asked);
  void answer_all();
  void send(ProjectId project, DeviceId device, const v1::Down& down);

  const Parts parts_;
  const Log log_;
  std::unique_ptr<IndexReader> reader_;  // the desk's thread

  Mutex mutex_;
  CondVar wake_;
  std::deque<Input> inputs_ SC_GUARDED_BY(mutex_);
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sitecast::hub
