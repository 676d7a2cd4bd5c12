// SPDX-License-Identifier: Apache-2.0
// The system's clocks behind an interface, so that protocol machines are tested without sleeping.
// Wall time may jump by years; order and time-outs use monotonic time only. Thread-safe.
#pragma once

#include <cstdint>

namespace sitecast {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t wall_us() const = 0;       // unix microseconds
  [[nodiscard]] virtual std::int64_t monotonic_us() const = 0;  // CLOCK_MONOTONIC microseconds
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override;
  [[nodiscard]] std::int64_t monotonic_us() const override;
};

// Moves only when told to.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override { return wall_us_; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return monotonic_us_; }
  void advance_us(std::int64_t us) {
    wall_us_ += us;
    monotonic_us_ += us;
  }
  void step_wall_us(std::int64_t us) { wall_us_ += us; }

 private:
  std::int64_t wall_us_ = 1'700'000'000'000'000;
  std::int64_t monotonic_us_ = 1'000'000;
};

}  // namespace sitecast
