// SPDX-License-Identifier: Apache-2.0
// One line every few seconds of long work. Owner thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>

#include "hub/check/commands.h"

namespace sitecast::hub {

class Progress {
 public:
  Progress(CommandIo io, std::string what, std::uint64_t total)
      : io_(io), what_(std::move(what)), total_(total) {}
  void step(std::uint64_t count = 1) {
    done_ += count;
    const auto now = std::chrono::steady_clock::now();
    if (!io_.progress || now - shown_at_ < std::chrono::seconds(2)) return;
    shown_at_ = now;
    io_.err << what_ << ": " << done_ << " of " << total_ << "\n";
  }

 private:
  CommandIo io_;
  std::string what_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point shown_at_ = std::chrono::steady_clock::now();
};

}  // namespace sitecast::hub
