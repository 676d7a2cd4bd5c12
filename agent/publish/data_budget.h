// SPDX-License-Identifier: Apache-2.0
// How much data may still be sent today, by this device's clock and time zone. What was used is
// kept in a small file, ahead of the use: a step is written and synced before it is used up, so
// that a kill or a power cut forgets nothing and costs at most one step. Any other date begins a
// new day, also an earlier one. Owner thread: one at a time; add() and today's first call may write
// the file (blocking). A file that cannot be read counts as nothing used, one that cannot be
// written is said once in the log, and counting goes on in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "proto/base/clock.h"
#include "proto/base/log.h"

namespace sitecast::agent {

class DataBudget {
 public:
  DataBudget(std::filesystem::path file, std::uint64_t limit_bytes, const Clock& clock, Log log);
  ~DataBudget();  // writes what was used exactly

  void add(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t used_bytes();  // today
  [[nodiscard]] std::uint64_t left_bytes();
  [[nodiscard]] std::uint64_t limit_bytes() const { return limit_bytes_; }

 private:
  void load();
  void begin_day_if_new();
  void write(std::uint64_t used_bytes);

  const std::filesystem::path file_;
  const std::uint64_t limit_bytes_;
  const std::uint64_t step_bytes_;
  const Clock& clock_;
  const Log log_;
  std::string day_;  // 2026-04-13
  std::uint64_t used_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;  // what the file says
  bool failed_ = false;
};

}  // namespace sitecast::agent
