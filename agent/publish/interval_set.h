// SPDX-License-Identifier: Apache-2.0
// A set of sequences as disjoint ranges. Thread-safety: one owner. Costs are in ranges, not in
// members.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace sitecast::agent {

class IntervalSet {
 public:
  // Adds [first, end).
  void add(std::uint64_t first, std::uint64_t end) {
    if (first >= end) return;
    auto next = ranges_.upper_bound(first);
    if (next != ranges_.begin() && std::prev(next)->second >= first) {
      --next;
      first = next->first;
    }
    while (next != ranges_.end() && next->first <= end) {
      end = std::max(end, next->second);
      next = ranges_.erase(next);
    }
    ranges_.emplace(first, end);
  }
  // The first member of no range that is at or after `from`.
  [[nodiscard]] std::uint64_t next_outside(std::uint64_t from) const {
    const auto next = ranges_.upper_bound(from);
    if (next == ranges_.begin()) return from;
    return std::max(from, std::prev(next)->second);
  }
  [[nodiscard]] bool contains(std::uint64_t value) const { return next_outside(value) != value; }
  // Members below `end`.
  [[nodiscard]] std::uint64_t count_below(std::uint64_t end) const {
    std::uint64_t count = 0;
    for (const auto& [first, range_end] : ranges_) {
      if (first >= end) break;
      count += std::min(range_end, end) - first;
    }
    return count;
  }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> end
};

}  // namespace sitecast::agent
