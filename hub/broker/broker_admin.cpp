// SPDX-License-Identifier: Apache-2.0
#include "hub/broker/broker_admin.h"

#include <chrono>

#include "hub/broker/rights.h"
#include "proto/base/id.h"

namespace sitecast::hub {
namespace {

constexpr std::string_view kGone = "not found";  // of who is to be revoked

}  // namespace

Status BrokerAdmin::grant(const BrokerAccount& account, std::string_view password) {
  const std::string correlation = EventId::make().text();
  return ask(grant_command(account, password, correlation), correlation, "already exists");
}

Status BrokerAdmin::revoke(std::string_view username) {
  const std::string correlation = EventId::make().text();
  {
    const MutexLock lock(mutex_);
    unconfirmed_[std::string(username)] = correlation;
  }
  return ask(revoke_command(username, correlation), correlation, kGone);
}

void BrokerAdmin::remember(const std::string& username) {
  const MutexLock lock(mutex_);
  unconfirmed_.try_emplace(username);
}

void BrokerAdmin::connected() {
  std::map<std::string, std::string> again;
  {
    const MutexLock lock(mutex_);
    for (auto& [username, correlation] : unconfirmed_) {
      // What revoke() waits for keeps its correlation: the broker is told twice, answered once.
      if (correlation.empty() || correlation != waiting_for_) correlation = EventId::make().text();
    }
    again = unconfirmed_;
  }
  for (const auto& [username, correlation] : again) {
    if (!publish_(std::string(kControlTopic), revoke_command(username, correlation))) return;
  }
}

Status BrokerAdmin::ask(const std::string& command, const std::string& correlation,
                        std::string_view harmless) {
  {
    const MutexLock lock(mutex_);
    waiting_for_ = correlation;
    harmless_ = harmless;
    has_answer_ = false;
  }
  if (!publish_(std::string(kControlTopic), command))
    return unavailable("the broker is not reached");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(kTimeoutUs);
  const MutexLock lock(mutex_);
  while (!has_answer_ && std::chrono::steady_clock::now() < deadline) {
    answered_.wait_for_us(mutex_, kTimeoutUs / 10);
  }
  if (!has_answer_) return unavailable("the broker does not answer");
  if (!error_.empty()) return failed_precondition("the broker refuses: " + error_);
  return Ok{};
}

void BrokerAdmin::on_response(std::string_view payload) {
  const MutexLock lock(mutex_);
  const ControlResponse revoked = parse_control_response(payload, kGone);
  if (revoked.error.empty() && !revoked.correlation.empty()) {
    std::erase_if(unconfirmed_, [&](const auto& one) { return one.second == revoked.correlation; });
  }
  const ControlResponse response = parse_control_response(payload, harmless_);
  if (response.correlation != waiting_for_) return;
  has_answer_ = true;
  error_ = response.error;
  answered_.notify_all();
}

}  // namespace sitecast::hub
