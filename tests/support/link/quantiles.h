// SPDX-License-Identifier: Apache-2.0
// Quantiles of durations in bounded memory: counters of logarithmic width, right within 2 %.
// Thread-safety: one owner.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace sitecast::link {

class Quantiles {
 public:
  void add(std::int64_t duration_ns) {
    const std::uint64_t us =
        static_cast<std::uint64_t>(std::max<std::int64_t>(duration_ns, 0)) / 1000;
    const std::size_t cell = cell_of(us);
    if (cell >= counts_.size()) counts_.resize(cell + 1);
    counts_[cell] += 1;
    total_ += 1;
    least_us_ = total_ == 1 ? us : std::min(least_us_, us);
    most_us_ = std::max(most_us_, us);
  }
  [[nodiscard]] std::uint64_t count() const { return total_; }
  // Microseconds, 0 when there is nothing. share: 0 the least, 1 the most.
  [[nodiscard]] std::uint64_t at_us(double share) const {
    if (total_ == 0 || share <= 0) return least_us_;
    if (share >= 1) return most_us_;
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
      seen += counts_[cell];
      if (seen > wanted) return std::clamp(middle_of(cell), least_us_, most_us_);
    }
    return most_us_;
  }

 private:
  // Exact below 64 us, then 64 cells for each doubling.
  static std::size_t cell_of(std::uint64_t us) {
    if (us < kCells) return static_cast<std::size_t>(us);
    const auto shift = static_cast<unsigned>(std::bit_width(us)) - kBits - 1;
    return static_cast<std::size_t>((shift + 1) * kCells + ((us >> shift) - kCells));
  }
  static std::uint64_t middle_of(std::size_t cell) {
    if (cell < kCells) return cell;
    const std::uint64_t shift = cell / kCells - 1;
    return ((cell % kCells + kCells) << shift) + ((std::uint64_t{1} << shift) >> 1);
  }
  static constexpr unsigned kBits = 6;
  static constexpr std::uint64_t kCells = 1U << kBits;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t least_us_ = 0, most_us_ = 0;
};

}  // namespace sitecast::link
