// SPDX-License-Identifier: Apache-2.0
// Geometry of scrub sprites, known to the launcher (which chooses the frames and checks the answer)
// and to the worker (which draws the sheet).
#pragma once

#include <cstdint>

namespace sitecast::derive {

inline constexpr std::uint32_t kSpriteMaxTiles = 100;
inline constexpr std::uint32_t kSpriteColumns = 10;
inline constexpr std::uint32_t kSpriteTileWidth = 160;
inline constexpr std::uint32_t kSpriteTileMaxHeight = 160;

}  // namespace sitecast::derive
