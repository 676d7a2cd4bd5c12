// SPDX-License-Identifier: Apache-2.0
// How far one recording of a sound is shifted against another. Pure.
#pragma once

#include <optional>
#include <vector>

namespace sitecast::test {

inline constexpr int kMatchRateHz = 8'000;

// Milliseconds by which `copy` is later than `original` in a window of one second around `at_s`,
// found by normalised cross-correlation within +-150 ms. nullopt where it is too quiet or nothing
// matches.
std::optional<double> shift_ms(const std::vector<float>& original, const std::vector<float>& copy,
                               double at_s);

}  // namespace sitecast::test
