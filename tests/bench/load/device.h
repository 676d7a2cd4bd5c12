// SPDX-License-Identifier: Apache-2.0
// A simulated device: its connection, one capture with one video track, and when each part was
// receipted. Owner thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "tests/bench/load/mqtt5.h"
#include "tests/bench/load/parts.h"

namespace sitecast::bench {

using SteadyClock = std::chrono::steady_clock;
double seconds_since(SteadyClock::time_point start);

// Nearest rank; sorts `values`.
double percentile(std::vector<double>& values, double share);

struct Account {
  ProjectId project;
  DeviceId device;
  std::string password;
};
// A JSON list of {"project_id", "device_id", "password"}.
Result<std::vector<Account>> read_accounts(const std::string& path);

class Device {
 public:
  // Connects, subscribes to its receipts, and opens a capture.
  static Result<std::unique_ptr<Device>> start(std::uint16_t port, const Account& account);

  // Hands the next part to the connection. REQUIRES: next() < parts.size().
  void send(const std::vector<LoadPart>& parts);
  // Writes and reads what the socket allows. kInternal when the hub refused something.
  Status pump(const std::vector<LoadPart>& parts);

  [[nodiscard]] int descriptor() const { return connection_.descriptor(); }
  [[nodiscard]] bool wants_to_write() const { return connection_.wants_to_write(); }
  [[nodiscard]] ProjectId project() const { return project_; }
  [[nodiscard]] CaptureId capture() const { return capture_; }
  [[nodiscard]] std::size_t next() const { return next_; }
  [[nodiscard]] std::uint64_t receipted() const { return receipted_; }
  [[nodiscard]] std::uint64_t outstanding_bytes() const { return outstanding_bytes_; }
  // From handing a part to the connection to its receipt.
  [[nodiscard]] const std::vector<double>& receipt_ms() const { return receipt_ms_; }

 private:
  Device(MqttConnection connection, const Account& account);
  void take_receipt(ByteView payload, const std::vector<LoadPart>& parts);

  MqttConnection connection_;
  ProjectId project_;
  CaptureId capture_ = CaptureId::make();
  std::string topic_;
  Bytes opened_;
  std::size_t next_ = 0;
  std::uint64_t receipted_ = 0;
  std::string refusal_;
  std::uint64_t outstanding_bytes_ = 0;
  std::vector<SteadyClock::time_point> sent_at_;
  std::vector<double> receipt_ms_;
};

}  // namespace sitecast::bench
