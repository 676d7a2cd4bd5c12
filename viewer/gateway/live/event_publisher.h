// SPDX-License-Identifier: Apache-2.0
// States events for people: publishes them under the gateway's own device (MQTT 5, user
// gateway-publisher) and waits for the hub's receipt. A connection of its own for each call: it is
// seldom needed, and nothing of an earlier one can be in its way. Paho's callbacks only post.
// Owner thread: one at a time; publish() blocks for some seconds at most.
#pragma once

#include <filesystem>
#include <vector>

#include "proto/base/id.h"
#include "proto/base/log.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"
#include "viewer/gateway/live/broker_reader.h"

namespace sitecast::gateway {

class EventPublisher {
 public:
  // `device_file`: the hub's note of the id under which the gateway publishes; read at each call.
  EventPublisher(BrokerSettings settings, std::filesystem::path device_file);

  // Ok: all are durable at the hub; one that was there already counts (kConflict is the same id
  // with other bytes: what was stated first stays). kUnavailable: broker or hub are away or full,
  // some may be stored: state the same again with the same ids. kFailedPrecondition: the hub
  // refuses one for good.
  Status publish(ProjectId project, const std::vector<v1::Event>& events);

 private:
  class Session;
  const BrokerSettings settings_;
  const std::filesystem::path device_file_;
  const Log log_{"gateway/state"};
};

}  // namespace sitecast::gateway
