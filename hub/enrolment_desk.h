// SPDX-License-Identifier: Apache-2.0
// What the gateway asks of the hub for people and for devices that enrol themselves, over
// STATE/enrol.sock. The gateway has decided who may ask; what it cannot do here is everything else
// (projects, members, broker files). Requests and answers are JSON objects:
//
//   enrolment open   id name user projects token_hash lifetime_s
//   enrolment list   project -> open[], devices[]
//   enrolment cancel id project [within]
//   enrolment look   id token -> state, name, expires_at_us, projects
//   enrolment claim  id token public_key password signature -> state, device_id, name, projects
//   device revoke    device project [within]
//
// `within`: the projects that who asks may decide in; absent: all. Owner thread: one at a time.
// Blocking. Errors: kNotFound and the database's; kUnavailable: done in the records, but the broker
// was not told: ask again.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "hub/broker/broker_admin.h"
#include "hub/enrol/devices.h"
#include "hub/enrol/enrolment_db.h"
#include "proto/base/clock.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class EnrolmentDesk {
 public:
  static constexpr std::int64_t kLongestLifetimeS = 24 * 3600;

  struct Parts {
    EnrolmentDb* records;
    EnrolledView* enrolled;  // told of every change
    const Clock* clock;
    BrokerAdmin* broker;
  };
  explicit EnrolmentDesk(Parts parts) : parts_(parts) {}

  Result<nlohmann::json> handle(const nlohmann::json& request);

 private:
  Result<nlohmann::json> open(const nlohmann::json& request);
  Result<nlohmann::json> list(const nlohmann::json& request);
  Result<nlohmann::json> cancel(const nlohmann::json& request);
  Result<nlohmann::json> look(const nlohmann::json& request);
  Result<nlohmann::json> claim(const nlohmann::json& request);
  Result<nlohmann::json> revoke(const nlohmann::json& request);
  Status publish_change();

  const Parts parts_;
};

// What a device signs to show that it holds the key that it brings.
std::string enrolment_signing_text(const std::string& id, const std::string& token,
                                   const std::string& public_key, const std::string& password);

}  // namespace sitecast::hub
