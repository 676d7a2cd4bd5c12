// SPDX-License-Identifier: Apache-2.0
// Prometheus text on its own loopback listener (never the public one).
// Thread-safe: values are read from atomics and from functions that lock for themselves; the
// listener has threads of its own (prometheus-cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/result.h"
#include "viewer/gateway/config.h"

namespace sitecast::gateway {

struct Metric {
  enum class Kind { kCounter, kGauge };
  std::string name;  // sitecast_gateway_…, unit at the end
  std::string help;
  Kind kind = Kind::kCounter;
  std::function<double()> read;  // called on the listener's threads
};

class MetricsListener {
 public:
  // kUnavailable when the address is taken.
  static Result<std::unique_ptr<MetricsListener>> open(const Endpoint& listen,
                                                       std::vector<Metric> metrics);
  ~MetricsListener();

 private:
  struct Impl;
  explicit MetricsListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sitecast::gateway
