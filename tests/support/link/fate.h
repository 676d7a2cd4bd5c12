// SPDX-License-Identifier: Apache-2.0
// What chance does to a packet on its way: lost alone or in bursts (Gilbert-Elliott), sent twice,
// held back so that later ones pass it. Seeded: the same packets meet the same fate. Pure.
// Thread-safety: one owner.
#pragma once

#include <cstdint>
#include <random>

namespace sitecast::link {

struct Chances {  // 0 to 1
  double loss = 0;
  double burst_enter = 0;  // per packet, from good to bad
  double burst_leave = 1;  // per packet, from bad to good
  double burst_loss = 1;   // while bad
  double duplicate = 0;
  double reorder = 0;
  std::int64_t reorder_by_ns = 0;
};

struct Fate {
  bool lost = false;
  bool twice = false;
  std::int64_t held_ns = 0;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  Fate throw_for(const Chances& chances) {
    // Always the same number of throws, so that one setting does not move what another one hits.
    const double burst = throw_once(), loss = throw_once(), twice = throw_once(),
                 held = throw_once();
    bad_ = bad_ ? burst >= chances.burst_leave : burst < chances.burst_enter;
    if (chances.burst_enter == 0) bad_ = false;
    Fate fate;
    fate.lost = loss < (bad_ ? chances.burst_loss : chances.loss);
    fate.twice = twice < chances.duplicate;
    if (held < chances.reorder) fate.held_ns = chances.reorder_by_ns;
    return fate;
  }

 private:
  double throw_once() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  std::mt19937_64 random_;
  bool bad_ = false;
};

}  // namespace sitecast::link
