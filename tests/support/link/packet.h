// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sitecast::link {

using Packet = std::vector<std::uint8_t>;  // an IPv4 packet, as a TUN device gives and takes it

}  // namespace sitecast::link
