// SPDX-License-Identifier: Apache-2.0
// Looks at a few pictures a second on a thread of its own, so that recording never waits for it:
// the newest picture replaces one that was not looked at yet. Threads: offer() from the source's
// picture thread, never blocks; on_change runs on the watch's thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/capture/source.h"
#include "agent/vision/quality_monitor.h"

namespace sitecast::agent {

// Brightness plane of a raw picture measured; nullopt when it cannot be mapped.
std::optional<QualityMeasure> measure_sample(GstSample* sample);

class VisionWatch {
 public:
  using OnChange = std::function<void(const QualityChange&)>;
  static constexpr std::int64_t kIntervalNs = 300'000'000;

  explicit VisionWatch(OnChange on_change);
  ~VisionWatch() { stop(); }
  VisionWatch(const VisionWatch&) = delete;
  VisionWatch& operator=(const VisionWatch&) = delete;

  void offer(const RawMedia& picture);
  void stop();  // joins; idempotent

 private:
  void run();

  const OnChange on_change_;
  std::int64_t next_ns_ = 0;  // offering thread only
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;            // under mutex_
  std::optional<RawMedia> waiting_;  // under mutex_
  std::thread thread_;
};

}  // namespace sitecast::agent
