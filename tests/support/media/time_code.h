// SPDX-License-Identifier: Apache-2.0
// The machine-readable corner of a frame: README.md beside this file. Thread-safe: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sitecast::testmedia {

inline constexpr int kBlockPx = 40;
inline constexpr int kBlockColumns = 32;
inline constexpr int kBlockRows = 4;
inline constexpr std::size_t kCodeBytes = 16;

std::array<std::uint8_t, kCodeBytes> time_code(std::uint32_t frame, std::int64_t begun_at_us);

// Into the luma plane of a frame at least 1280x160. `stride` in bytes.
void draw_time_code(std::uint8_t* luma, std::size_t stride, std::uint32_t frame,
                    std::int64_t begun_at_us);

}  // namespace sitecast::testmedia
