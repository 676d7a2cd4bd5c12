// SPDX-License-Identifier: Apache-2.0
// How often a randomised test tries: `usual` times in scripts/test, `longer` with
// SITECAST_TEST_LONG, and then no new trial once SITECAST_TEST_MINUTES have passed, if that is set.
// Says at its end how many trials there were and of which seed (SITECAST_TEST_SEED chooses it).
// Owner thread: the test's.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace sitecast {

// SITECAST_TEST_SEED, or one that nobody chose.
inline std::uint64_t test_seed() {
  const char* chosen = std::getenv("SITECAST_TEST_SEED");
  return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
}

class Trials {
 public:
  Trials(int usual, int longer, std::uint64_t seed)
      : wanted_(std::getenv("SITECAST_TEST_LONG") != nullptr ? longer : usual), seed_(seed) {
    const char* minutes = std::getenv("SITECAST_TEST_MINUTES");
    if (minutes != nullptr) longest_ = std::chrono::minutes(std::atoi(minutes));
  }
  ~Trials() {
    std::printf("%d of %d trials, SITECAST_TEST_SEED=%llu\n", done_, wanted_,
                static_cast<unsigned long long>(seed_));
  }
  Trials(const Trials&) = delete;
  Trials& operator=(const Trials&) = delete;

  // Another trial; its number is done() - 1.
  bool next() {
    const bool time_left =
        longest_.count() == 0 || std::chrono::steady_clock::now() - began_ < longest_;
    if (done_ >= wanted_ || !time_left) return false;
    ++done_;
    return true;
  }
  [[nodiscard]] int done() const { return done_; }

 private:
  const int wanted_;
  const std::uint64_t seed_;
  std::chrono::minutes longest_{0};  // 0: no bound
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  int done_ = 0;
};

}  // namespace sitecast
