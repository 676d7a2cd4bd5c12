// SPDX-License-Identifier: Apache-2.0
// Which sequences of a track are here, as ranges. Size: number of gaps. Thread-safety: value type.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>

namespace sitecast::hub {

class SequenceSet {
 public:
  [[nodiscard]] bool contains(std::uint64_t sequence) const {
    const auto after = ranges_.upper_bound(sequence);
    return after != ranges_.begin() && sequence < std::prev(after)->second;
  }

  // REQUIRES: !contains(sequence)
  void add(std::uint64_t sequence) {
    const auto after = ranges_.upper_bound(sequence);
    auto range = ranges_.end();
    if (after != ranges_.begin() && std::prev(after)->second == sequence) {
      range = std::prev(after);
      ++range->second;
    } else {
      range = ranges_.emplace_hint(after, sequence, sequence + 1);
    }
    if (const auto next = std::next(range); next != ranges_.end() && next->first == range->second) {
      range->second = next->second;
      ranges_.erase(next);
    }
  }

  // Every sequence below this is here.
  [[nodiscard]] std::uint64_t contiguous() const {
    return ranges_.empty() || ranges_.begin()->first != 0 ? 0 : ranges_.begin()->second;
  }
  // First sequence of each range to one past its last.
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

}  // namespace sitecast::hub
