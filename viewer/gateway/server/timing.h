// SPDX-License-Identifier: Apache-2.0
// How long a peer may take, in microseconds. README.md explains each. Private to server/.
#pragma once

#include <cstdint>

namespace sitecast::gateway::timing {

inline constexpr std::int64_t kTlsHandshakeUs = 10'000'000;
inline constexpr std::int64_t kFirstRequestUs = 10'000'000;
inline constexpr std::int64_t kNextRequestUs = 65'000'000;  // keep-alive idle, its header included
inline constexpr std::int64_t kRequestBodyUs = 10'000'000;
inline constexpr std::int64_t kRequestFileUs = 120'000'000;   // 20 MB at 1.4 Mbit/s
inline constexpr std::int64_t kAnswerUs = 30'000'000;         // ours, not the peer's
inline constexpr std::int64_t kWriteProgressUs = 30'000'000;  // per piece that the peer takes
inline constexpr std::int64_t kCloseUs = 1'000'000;
inline constexpr std::int64_t kRevokedCloseUs = 200'000;

}  // namespace sitecast::gateway::timing
