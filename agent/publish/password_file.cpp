// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/password_file.h"

#include <fmt/format.h>

#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kPasswordFileBytes = 4096;
constexpr const char* kWhatToDo =
    "put the file that came with the enrolment there, or have this device enrolled again";

}  // namespace

Result<std::string> read_password_file(const std::filesystem::path& path) {
  if (path.empty()) return std::string();
  const auto bytes = read_file(path, kPasswordFileBytes);
  if (!bytes.ok()) {
    return Error(bytes.error().kind(),
                 fmt::format("broker.password_file {} cannot be read ({}); {}", path.string(),
                             bytes.error().message(), kWhatToDo));
  }
  const std::string text = to_string(ByteView(*bytes));
  std::string password = text.substr(0, text.find_first_of("\r\n"));
  if (password.empty()) {
    return invalid_argument(
        fmt::format("broker.password_file {} has no password in its first "
                    "line; {}",
                    path.string(), kWhatToDo));
  }
  return password;
}

}  // namespace sitecast::agent
