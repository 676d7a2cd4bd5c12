// SPDX-License-Identifier: Apache-2.0
// Grants and revokes at a running broker, through the dynamic-security plugin's control topic. The
// enrolment records come first and the broker's file is written from them before each start, so a
// command that fails here only takes effect later. A revocation that the broker did not confirm is
// said again at each connect until it does. Thread-safety: grant and revoke from one thread;
// remember, connected and on_response from any.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "hub/enrol/enrolment_db.h"
#include "proto/base/mutex.h"
#include "proto/base/result.h"

namespace sitecast::hub {

class BrokerAdmin {
 public:
  using Publish = std::function<bool(const std::string& topic, std::string_view payload)>;
  explicit BrokerAdmin(Publish publish) : publish_(std::move(publish)) {}

  // Blocking until the broker has answered, at most kTimeoutUs. kUnavailable: no broker, no answer.
  // Asked again they find it done already, and that is no error.
  Status grant(const BrokerAccount& account, std::string_view password);
  Status revoke(std::string_view username);

  // The broker may not have heard that this one was revoked, before this start.
  void remember(const std::string& username);
  // The connection to the broker stands (again). Does not wait for answers.
  void connected();

  // Takes the broker's answer.
  void on_response(std::string_view payload);

 private:
  static constexpr std::int64_t kTimeoutUs = 5'000'000;
  Status ask(const std::string& command, const std::string& correlation, std::string_view harmless);

  Publish publish_;
  Mutex mutex_;
  CondVar answered_;
  std::string waiting_for_ SC_GUARDED_BY(mutex_);
  std::string harmless_ SC_GUARDED_BY(mutex_);
  bool has_answer_ SC_GUARDED_BY(mutex_) = false;
  std::string error_ SC_GUARDED_BY(mutex_);
  // Not confirmed: user name, and the correlation with which the broker was told last.
  std::map<std::string, std::string> unconfirmed_ SC_GUARDED_BY(mutex_);
};

}  // namespace sitecast::hub
