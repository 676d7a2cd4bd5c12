// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/password.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

namespace sitecast::gateway {

Result<std::string> hash_password(std::string_view password) {
  if (password.size() < kShortestPassword || password.size() > kLongestPassword) {
    return invalid_argument(fmt::format("a password has {} to {} bytes, this one has {}",
                                        kShortestPassword, kLongestPassword, password.size()));
  }
  if (::sodium_init() < 0) return internal_error("libsodium cannot start");
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (::crypto_pwhash_str_alg(
          hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
          crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return resource_exhausted("not enough memory to hash a password (64 MiB are needed)");
  }
  return std::string(hash.data());
}

bool verify_password(const std::string& password_hash, std::string_view password) {
  if (::sodium_init() < 0 || password_hash.size() >= crypto_pwhash_STRBYTES) return false;
  return ::crypto_pwhash_str_verify(password_hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace sitecast::gateway
