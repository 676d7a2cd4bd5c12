// SPDX-License-Identifier: Apache-2.0
#include "proto/base/id.h"

#include <openssl/rand.h>

#include <chrono>
#include <cstdlib>
#include <mutex>

namespace sitecast {

void fill_uuid_v7(std::array<std::uint8_t, kIdBytes>& out) {
  // RFC 9562 section 6.2 method 1: a 12-bit counter in rand_a, carried into the time when it
  // overflows.
  static std::mutex mutex;
  static std::uint64_t last_ms = 0;
  static std::uint32_t counter = 0;

  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
  const auto now_ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  std::uint64_t ms = 0;
  std::uint32_t count = 0;
  {
    const std::lock_guard lock(mutex);
    if (now_ms > last_ms) {
      last_ms = now_ms;
      counter = out[6] & 0x07U;  // random start, room to count
    } else if (++counter > 0xfff) {
      ++last_ms;
      counter = 0;
    }
    ms = last_ms;
    count = counter;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    out[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  }
  out[6] = static_cast<std::uint8_t>(0x70U | (count >> 8));
  out[7] = static_cast<std::uint8_t>(count);
  out[8] = static_cast<std::uint8_t>(0x80U | (out[8] & 0x3fU));
}

}  // namespace sitecast
