// SPDX-License-Identifier: Apache-2.0
// Closes the process in before it reads untrusted bytes. Afterwards it can compute, allocate up to
// its limit, read the descriptors it has and write to stdout and stderr; it cannot open, connect,
// start anything, or run longer than its CPU limit. What is allowed and why:
// proto/worker/README.md. Owner thread: main, while the process has one thread. Cannot be undone.
#pragma once

#include <cstdint>

#include "proto/base/result.h"

namespace sitecast {

// False in builds with a sanitizer: its runtime needs address space and system calls of its own, so
// only the limits that it can bear are set. Such builds are for tests.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSandboxComplete = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSandboxComplete = false;
#else
inline constexpr bool kSandboxComplete = true;
#endif
#else
inline constexpr bool kSandboxComplete = true;
#endif

struct SandboxLimits {
  std::uint32_t cpu_s = 5;
  std::uint64_t memory_bytes = 1ULL << 30;  // address space, libraries included
  std::uint64_t output_bytes = 8ULL << 20;  // largest file written
  bool threads = false;                     // libde265 needs one thread of its own
  // GStreamer's buffer pool wakes itself through a socket pair: a socket that leads nowhere else.
  bool socket_pairs = false;
};

// kInternal when the kernel refuses any part of it: the caller must then not read its input.
Status enter_sandbox(const SandboxLimits& limits);

}  // namespace sitecast
