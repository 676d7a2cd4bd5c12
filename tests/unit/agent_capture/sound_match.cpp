// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent_capture/sound_match.h"

#include <cmath>

namespace sitecast::test {

std::optional<double> shift_ms(const std::vector<float>& original, const std::vector<float>& copy,
                               double at_s) {
  const int window = kMatchRateHz;
  const int reach = kMatchRateHz * 150 / 1000;
  const int start = static_cast<int>(at_s * kMatchRateHz) - window / 2;
  const auto at = [](const std::vector<float>& samples, int index) {
    return index >= 0 && index < static_cast<int>(samples.size())
               ? double(samples[static_cast<std::size_t>(index)])
               : 0.0;
  };
  double energy = 0;
  for (int i = 0; i < window; ++i) energy += at(original, start + i) * at(original, start + i);
  if (energy / window < 1e-7) return std::nullopt;
  double best = 0;
  int best_lag = 0;
  for (int lag = -reach; lag <= reach; ++lag) {
    double product = 0;
    double copy_energy = 0;
    for (int i = 0; i < window; ++i) {
      const double value = at(copy, start + i + lag);
      product += at(original, start + i) * value;
      copy_energy += value * value;
    }
    const double match = copy_energy > 0 ? product / std::sqrt(energy * copy_energy) : 0;
    if (match > best) {
      best = match;
      best_lag = lag;
    }
  }
  if (best < 0.5) return std::nullopt;
  return best_lag * 1000.0 / kMatchRateHz;
}

}  // namespace sitecast::test
