// SPDX-License-Identifier: Apache-2.0
// Live captures of 2 Mbit/s that one device sends, each chunk with the moment of its sending at its
// end. Owner thread: one. Blocking.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/device.h"
#include "tests/bench/load/mqtt5.h"
#include "tests/bench/load/parts.h"

namespace sitecast::bench {

inline constexpr std::uint32_t kPartsPerSecond = 30;
inline constexpr std::int64_t kPartNs = 1'000'000'000 / kPartsPerSecond;

LoadPartOptions live_part_options();

class CaptureFeed {
 public:
  // Connects and states the opening of so many captures; the broker has all of them.
  static Result<CaptureFeed> open(std::uint16_t broker_port, const Account& account,
                                  std::size_t captures);
  [[nodiscard]] const std::vector<CaptureId>& captures() const { return captures_; }
  // Hands a chunk to the kernel. kUnavailable: the broker does not take what was sent before.
  Status send(std::size_t capture, Bytes frame);

 private:
  explicit CaptureFeed(MqttConnection connection) : connection_(std::move(connection)) {}

  MqttConnection connection_;
  std::vector<CaptureId> captures_;
  std::vector<std::string> topics_;
  std::vector<Bytes> openings_;
  Bytes frame_;
};

}  // namespace sitecast::bench
