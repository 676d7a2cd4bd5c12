// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720 appendix B.4), the check of our journals' records. It finds torn
// and damaged records, never forgery: hashes and signatures do that. Thread-safe: pure function.
#pragma once

#include <cstdint>

#include "proto/base/bytes.h"

namespace sitecast {

std::uint32_t crc32c(ByteView bytes);
std::uint32_t crc32c(ByteView first, ByteView second);  // of the concatenation

}  // namespace sitecast
