// SPDX-License-Identifier: Apache-2.0
// The bytes that a job's worker gets, taken from the archive. Reads what is durable at this moment
// and only the framing of it: media is passed on unseen. Owner thread: the launcher's; blocking on
// disk.
#pragma once

#include <cstdint>

#include "hub/derive/derive_job.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast::hub {

// Most that a worker is given.
inline constexpr std::uint64_t kDeriveInputBytes = 64ULL << 20;
inline constexpr std::uint32_t kSpriteIntervalMs = 2000;  // shortest distance of two tiles

struct DeriveInput {
  Bytes bytes;
  // Sprites only. Tile i shows the picture at i * interval_ms on the capture's clock.
  std::uint32_t interval_ms = 0;
  std::uint32_t count = 0;
};

// kNotFound: nothing to show yet or at all (no such track, no key frame). kResourceExhausted:
// larger than kDeriveInputBytes. kDataLoss: damaged or incomplete.
Result<DeriveInput> prepare_input(const Layout& layout, const DeriveJob& job);

// The smallest interval of whole seconds, at least kSpriteIntervalMs, that needs no more than
// kSpriteMaxTiles tiles.
std::uint32_t sprite_interval_ms(std::uint64_t duration_ms);

}  // namespace sitecast::hub
