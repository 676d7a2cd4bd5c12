// SPDX-License-Identifier: Apache-2.0
// Password hashing: argon2id (RFC 9106) by libsodium with its interactive costs (64 MiB, about 0.1
// s of one core), so at most one runs at a time: on the accounts thread or in a command.
// Thread-safe. Blocking for that tenth of a second.
#pragma once

#include <string>
#include <string_view>

#include "proto/base/result.h"

namespace sitecast::gateway {

inline constexpr std::size_t kShortestPassword = 8;
inline constexpr std::size_t kLongestPassword = 256;

// kInvalidArgument when it is too short or too long; kResourceExhausted without memory.
Result<std::string> hash_password(std::string_view password);
bool verify_password(const std::string& password_hash, std::string_view password);

}  // namespace sitecast::gateway
