// SPDX-License-Identifier: Apache-2.0
// Passwords for the broker: random, 256 bits, so that the hash only has to hide and not to slow
// down guessing; the iterations are the broker's own default, since it computes them in its one
// thread at each connect. Hash as mosquitto's dynamic-security plugin stores it: PBKDF2-HMAC-SHA512
// (RFC 8018). Thread-safe: pure functions and the system's random source.
#pragma once

#include <string>

#include "proto/base/bytes.h"

namespace sitecast::hub {

struct SecretHash {
  Bytes hash;  // 64 bytes
  Bytes salt;
  int iterations = 0;
};

struct BrokerSecret {
  std::string password;  // 43 characters; shown once, never stored by the hub
  SecretHash hash;
};
BrokerSecret make_broker_secret();
// Of a password that somebody else made at random; a fresh salt.
SecretHash hash_secret(const std::string& password);
SecretHash hash_password(const std::string& password, Bytes salt, int iterations);

}  // namespace sitecast::hub
