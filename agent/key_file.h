// SPDX-License-Identifier: Apache-2.0
// The device's signing key on disk: one line of base64url, mode 0600. Thread-safe. Blocking.
#pragma once

#include <filesystem>

#include "proto/base/result.h"
#include "proto/codec/running_hash.h"

namespace sitecast::agent {

// kNotFound: says how to make one; kPermissionDenied: others may read it.
Result<SigningKey> load_key(const std::filesystem::path& path);
// Makes and stores a key when there is none (durably), else loads it.
Result<SigningKey> load_or_make_key(const std::filesystem::path& path);

}  // namespace sitecast::agent
