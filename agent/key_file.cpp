// SPDX-License-Identifier: Apache-2.0
#include "agent/key_file.h"

#include <sys/stat.h>

#include "proto/base/bytes.h"
#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kKeyFileBytes = 4096;
constexpr unsigned kOwnerOnly = 0600;

}  // namespace

Result<SigningKey> load_key(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return not_found("key file " + path.string() +
                     " does not exist; `sitecast-agent keygen` makes it");
  }
  if ((info.st_mode & 077) != 0) {
    return permission_denied("key file " + path.string() +
                             " may be read by others; run chmod 600 on it");
  }
  SC_TRY_ASSIGN(const Bytes text, read_file(path, kKeyFileBytes));
  std::string_view line = as_text(text);
  line = line.substr(0, line.find_last_not_of("\r\n") + 1);
  const auto secret = base64url_decode(line);
  if (!secret) return invalid_argument("key file " + path.string() + " is damaged");
  auto key = SigningKey::from_secret(*secret);
  if (!key.ok()) return key.error().within("key file " + path.string());
  return key;
}

Result<SigningKey> load_or_make_key(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return load_key(path);
  SC_TRY(make_folders_durably(path.parent_path()));
  const SigningKey key = SigningKey::generate();
  SC_TRY(write_file_durably(path, as_bytes(base64url_encode(key.secret()) + "\n"), kOwnerOnly));
  return key;
}

}  // namespace sitecast::agent
