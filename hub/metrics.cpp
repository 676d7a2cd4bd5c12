// SPDX-License-Identifier: Apache-2.0
#include "hub/metrics.h"
namespace sitecast::hub {
namespace {

const char* name_of(v1::RefusalCause cause) {
  switch (cause) {
    case v1::HUB_FULL: return "hub_full";
    case v1::HUB_IO_ERROR: return "hub_io_error";
    case v1::MALFORMED: return "malformed";
    case v1::CONFLICT: return "conflict";
    case v1::NOT_ALLOWED: return "not_allowed";
    case v1::OVERLOADED: return "overloaded";
    default: return "unspecified";
  }
}

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

HubMetrics::HubMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      refusals_(prometheus::BuildCounter()
                    .Name("sitecast_hub_refusals_total")
                    .Help("Arrivals that were refused, by cause")
                    .Register(*registry_)),
      parts_stored(counter(*registry_, "sitecast_hub_parts_stored_total", "Parts archived")),
      parts_known(counter(*registry_, "sitecast_hub_parts_known_total",
                          "Parts that arrived again with the same hash")),
      media_bytes(counter(*registry_, "sitecast_hub_media_bytes_total", "Media bytes archived")),
      events_stored(counter(*registry_, "sitecast_hub_events_stored_total", "Events logged")),
      not_admitted(counter(*registry_, "sitecast_hub_not_admitted_total",
                           "Messages of nobody that is enrolled in that project")),
      dropped(counter(*registry_, "sitecast_hub_dropped_total",
                      "Messages dropped because the queue was full")),
      groups(counter(*registry_, "sitecast_hub_groups_total", "Group commits")),
      receipts(counter(*registry_, "sitecast_hub_receipts_total", "Receipt messages published")),
      receipts_lost(counter(*registry_, "sitecast_hub_receipts_lost_total",
                            "Receipt messages not published: no connection")),
      commit_seconds(prometheus::BuildHistogram()
                         .Name("sitecast_hub_commit_seconds")
                         .Help("Write and sync of one group")
                         .Register(*registry_)
                         .Add({}, prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.002,
                                                                          0.005, 0.01, 0.02, 0.05,
                                                                          0.1, 0.2, 0.5, 1, 2, 5})),
      queue_bytes(gauge(*registry_, "sitecast_hub_queue_bytes", "Arrived, not archived yet")),
      open_tracks(gauge(*registry_, "sitecast_hub_open_tracks", "Tracks with open files")),
      index_pending_records(gauge(*registry_, "sitecast_hub_index_pending_records",
                                  "Sidecar records that are not in the index yet")),
      index_failures(gauge(*registry_, "sitecast_hub_index_failures",
                           "Writes of the index that failed and were tried again")),
      index_passed_over(gauge(*registry_, "sitecast_hub_index_passed_over",
                              "Events that are in no table of the index since start")),
      broker_connects(gauge(*registry_, "sitecast_hub_broker_connects",
                            "Connections to the broker since start")),
      derive_waiting(gauge(*registry_, "sitecast_hub_derive_waiting",
                           "Thumbnails and sprites that wait to be made")) {}

Status HubMetrics::serve(const std::string& listen) {
  if (listen.substr(0, 10) != "127.0.0.1:") {
    return invalid_argument(
        "`metrics.listen` must be 127.0.0.1:PORT: metrics are for this machine");
  }
  try {
    exposer_ = std::make_unique<prometheus::Exposer>(listen, 1);
    exposer_->RegisterCollectable(registry_);
  } catch (const std::exception& error) {
    return failed_precondition("metrics listener " + listen + ": " + error.what());
  }
  return Ok{};
}

void HubMetrics::count_refusal(v1::RefusalCause cause) {
  refusals_.Add({{"cause", name_of(cause)}}).Increment();
}

}  // namespace sitecast::hub
