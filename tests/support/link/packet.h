// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sitecast::link {

using Packet = std::vector<std::uint8_t>;  // an IPv4 packet, as a TUN device gives and takes it

// The emulator's clock counts nanoseconds.
inline constexpr std::int64_t kMsNs = 1'000'000;
inline constexpr std::int64_t kSecondNs = 1000 * kMsNs;

}  // namespace sitecast::link
