// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/broker_secret.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace sitecast::hub {
namespace {

constexpr std::size_t kPasswordBytes = 32;
constexpr std::size_t kSaltBytes = 12;
constexpr std::size_t kHashBytes = 64;
constexpr int kIterations = 101;

Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  // Without a random source no secret can be made, and there is no way on.
  if (RAND_bytes(bytes.data(), static_cast<int>(size)) != 1) std::abort();
  return bytes;
}

}  // namespace

SecretHash hash_password(const std::string& password, Bytes salt, int iterations) {
  SecretHash result;
  result.hash.resize(kHashBytes);
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                        static_cast<int>(salt.size()), iterations, EVP_sha512(),
                        static_cast<int>(kHashBytes), result.hash.data()) != 1) {
    std::abort();  // only out of memory or a broken OpenSSL
  }
  result.salt = std::move(salt);
  result.iterations = iterations;
  return result;
}

SecretHash hash_secret(const std::string& password) {
  return hash_password(password, random_bytes(kSaltBytes), kIterations);
}

BrokerSecret make_broker_secret() {
  BrokerSecret secret;
  secret.password = base64url_encode(random_bytes(kPasswordBytes));
  secret.hash = hash_secret(secret.password);
  return secret;
}

}  // namespace sitecast::hub
