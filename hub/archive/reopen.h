// SPDX-License-Identifier: Apache-2.0
// A fresh descriptor of the same file: after a failed write or sync only that reports what happens
// from now on. Thread-safe.
#pragma once

#include <string>

#include "proto/base/file.h"
#include "proto/base/result.h"

namespace sitecast::hub {

inline Status reopen_for_appending(File& file) {
  SC_TRY_ASSIGN(File fresh,
                File::open_for_appending("/proc/self/fd/" + std::to_string(file.descriptor())));
  file = std::move(fresh);
  return Ok{};
}

}  // namespace sitecast::hub
