// SPDX-License-Identifier: Apache-2.0
// Counters of the hub, served as Prometheus text on a listener of their own (loopback).
// Thread-safe. Names and meaning: hub/README.md.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

class HubMetrics {
 public:
  HubMetrics();

  // Serves them on `listen` (127.0.0.1:PORT). kInvalidArgument unless that is loopback.
  Status serve(const std::string& listen);

  void count_refusal(v1::RefusalCause cause);

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& refusals_;

 public:
  prometheus::Counter& parts_stored;
  prometheus::Counter& parts_known;
  prometheus::Counter& media_bytes;
  prometheus::Counter& events_stored;
  prometheus::Counter& not_admitted;
  prometheus::Counter& dropped;
  prometheus::Counter& groups;
  prometheus::Counter& receipts;
  prometheus::Counter& receipts_lost;
  prometheus::Histogram& commit_seconds;
  prometheus::Gauge& queue_bytes;
  prometheus::Gauge& open_tracks;
  prometheus::Gauge& index_pending_records;
  prometheus::Gauge& index_failures;
  prometheus::Gauge& index_passed_over;
  prometheus::Gauge& broker_connects;
  prometheus::Gauge& derive_waiting;

 private:
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace sitecast::hub
