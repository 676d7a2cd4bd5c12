// SPDX-License-Identifier: Apache-2.0
// Running hash of a track: R(0) = SHA-256("sitecast track v1" || capture id (16) || track name),
// R(n+1) = SHA-256(R(n) || part hash n). So R(n) names parts 0..n-1 in their order and their track.
// A signed head for sequence s carries R(s+1). Signature: Ed25519 (RFC 8032) over
// "sitecast head v1" || capture id (16) || u8 track name length || track name || u64be sequence ||
// R(sequence+1). Thread-safety: a RunningHash belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/base/sha256.h"
#include "sitecast.pb.h"

namespace sitecast {

class RunningHash {
 public:
  RunningHash(CaptureId capture, std::string_view track);
  // Continues from a stored position: `value` is R(count).
  RunningHash(std::uint64_t count, const Hash& value) : count_(count), value_(value) {}

  void add(const Hash& part_hash);
  [[nodiscard]] std::uint64_t count() const { return count_; }  // parts hashed so far
  [[nodiscard]] const Hash& value() const { return value_; }    // R(count)

 private:
  std::uint64_t count_ = 0;
  Hash value_{};
};

using SigningPublicKey = std::array<std::uint8_t, 32>;

// Ed25519 key pair (libsodium). The secret is wiped on destruction and never leaves the process but
// to its key file (mode 0600).
class SigningKey {
 public:
  static SigningKey generate();
  // 64-byte libsodium secret key.
  static Result<SigningKey> from_secret(ByteView secret);
  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  [[nodiscard]] SigningPublicKey public_key() const;
  [[nodiscard]] ByteView secret() const { return secret_; }
  [[nodiscard]] std::array<std::uint8_t, 64> sign(ByteView message) const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};
};

bool verify_signature(const SigningPublicKey& key, ByteView message, ByteView signature);

Bytes head_signing_bytes(CaptureId capture, std::string_view track, std::uint64_t sequence,
                         const Hash& running_hash);
// `running` must have hashed at least one part; its last part is the head.
v1::SignedHead sign_head(const SigningKey& key, CaptureId capture, std::string_view track,
                         const RunningHash& running);
bool verify_head(const SigningPublicKey& key, CaptureId capture, std::string_view track,
                 const v1::SignedHead& head);

}  // namespace sitecast
