// SPDX-License-Identifier: Apache-2.0
// The broker password on this device's disk: the first line of a file. Read at each attempt to
// connect, so that a file that was put right is used at the next one, and one that cannot be read
// keeps nobody from filming. Thread-safe. Blocking: a small local file.
#pragma once

#include <filesystem>
#include <string>

#include "proto/base/result.h"

namespace sitecast::agent {

// An empty path: no password. Errors name the file and what to do.
Result<std::string> read_password_file(const std::filesystem::path& path);

}  // namespace sitecast::agent
