// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/device.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "proto/codec/topics.h"
#include "sitecast.pb.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;

Result<Account> read_account(const json& entry) {
  const auto project = ProjectId::parse(entry.at("project_id").get<std::string>());
  const auto device = DeviceId::parse(entry.at("device_id").get<std::string>());
  if (!project || !device) return invalid_argument("accounts file: project_id or device_id");
  return Account{*project, *device, entry.at("password").get<std::string>()};
}

}  // namespace

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

Result<std::vector<Account>> read_accounts(const std::string& path) {
  try {
    std::vector<Account> accounts;
    for (const auto& entry : json::parse(std::ifstream(path))) {
      SC_TRY_ASSIGN(auto account, read_account(entry));
      accounts.push_back(std::move(account));
    }
    if (accounts.empty()) return invalid_argument("no account in " + path);
    return accounts;
  } catch (const std::exception& exception) {
    return invalid_argument(path + ": " + exception.what());
  }
}

Device::Device(MqttConnection connection, const Account& account)
    : connection_(std::move(connection)), project_(account.project) {
  topic_ = format_topic({TopicKind::kFill, project_, account.device, capture_, "video"});
}

Result<std::unique_ptr<Device>> Device::start(std::uint16_t port, const Account& account) {
  SC_TRY_ASSIGN(auto connection, MqttConnection::connect({"127.0.0.1", port}, account.device.text(),
                                                         account.password));
  std::unique_ptr<Device> device(new Device(std::move(connection), account));
  device->connection_.subscribe(
      format_topic({TopicKind::kReceipt, account.project, account.device, {}, ""}));
  device->opened_ = capture_opened_event(device->capture_);
  device->connection_.publish(
      format_topic({TopicKind::kEvent, account.project, account.device, {}, ""}), device->opened_,
      1);
  return device;
}

void Device::send(const std::vector<LoadPart>& parts) {
  sent_at_.push_back(SteadyClock::now());
  connection_.publish(topic_, parts[next_].frame, 1);
  outstanding_bytes_ += parts[next_].frame.size();
  ++next_;
}

Status Device::pump(const std::vector<LoadPart>& parts) {
  SC_TRY(
      connection_.pump([&](std::string_view, ByteView payload) { take_receipt(payload, parts); }));
  if (!refusal_.empty()) return internal_error("the hub refused: " + refusal_);
  if (connection_.refused() > 0) return permission_denied("the broker refused a message");
  return Ok{};
}

void Device::take_receipt(ByteView payload, const std::vector<LoadPart>& parts) {
  v1::Receipt receipt;
  if (!receipt.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  for (const auto& refusal : receipt.refusals()) refusal_ = refusal.detail();
  for (const auto& track : receipt.tracks()) {
    if (track.capture_id() != capture_.raw()) continue;
    for (; receipted_ < track.contiguous() && receipted_ < next_; ++receipted_) {
      receipt_ms_.push_back(seconds_since(sent_at_[receipted_]) * 1000);
      outstanding_bytes_ -= parts[receipted_].frame.size();
    }
  }
}

}  // namespace sitecast::bench
