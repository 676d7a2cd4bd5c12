// SPDX-License-Identifier: Apache-2.0
// What the commands `project`, `member`, `device` and `broker-files` do, whether in the running hub
// (asked over its socket) or in a command's own process while none runs. Requests and answers are
// JSON objects, so that both ways are the same. Owner thread: one at a time. Blocking.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hub/broker/broker_admin.h"
#include "hub/enrol/devices.h"
#include "hub/enrol/enrolment_db.h"
#include "proto/base/clock.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

class Administration {
 public:
  struct Parts {
    EnrolmentDb* records;
    EnrolledView* enrolled;  // told of every change
    const Clock* clock;
    // States an event in the project's log; durable when it returns.
    std::function<Status(ProjectId, const v1::Event&)> state;
    BrokerAdmin* broker;  // nullptr: none runs with us
  };
  explicit Administration(Parts parts) : parts_(std::move(parts)) {}

  // {"command": …, …} -> the command's result. Errors say what was wrong with the request.
  Result<nlohmann::json> handle(const nlohmann::json& request);

 private:
  Result<nlohmann::json> add_project(const nlohmann::json& request);
  Result<nlohmann::json> add_member(const nlohmann::json& request);
  Result<nlohmann::json> remove_member(const nlohmann::json& request);
  Result<nlohmann::json> state_member(const nlohmann::json& request, std::string_view kind,
                                      const std::string& role);
  Result<nlohmann::json> enrol_device(const nlohmann::json& request);
  Result<nlohmann::json> remove_device(const nlohmann::json& request);
  Result<nlohmann::json> broker_files(const nlohmann::json& request);
  Result<v1::Event> new_event(std::string_view kind) const;
  Status publish_change();

  Parts parts_;
};

}  // namespace sitecast::hub
