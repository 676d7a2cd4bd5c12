// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/running_hash.h"

#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace sitecast {
namespace {

constexpr std::string_view kTrackTag = "sitecast track v1";
constexpr std::string_view kHeadTag = "sitecast head v1";

void append(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Without a working random source nothing we sign or draw can be trusted, so there is no way on.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

}  // namespace

RunningHash::RunningHash(CaptureId capture, std::string_view track) {
  Bytes seed;
  append(seed, as_bytes(kTrackTag));
  append(seed, capture.bytes());
  append(seed, as_bytes(track));
  value_ = sha256(seed);
}

void RunningHash::add(const Hash& part_hash) {
  value_ = sha256(value_, part_hash);
  ++count_;
}

SigningKey SigningKey::generate() {
  require_sodium();
  SigningKey key;
  SigningPublicKey public_key{};
  crypto_sign_ed25519_keypair(public_key.data(), key.secret_.data());
  return key;
}

Result<SigningKey> SigningKey::from_secret(ByteView secret) {
  require_sodium();
  SigningKey key;
  if (secret.size() != key.secret_.size()) {
    return invalid_argument("signing key is not 64 bytes long");
  }
  // The second half repeats the public key; a mismatch (damage, a mixed-up file) would make
  // signatures that nobody can verify and that leak the key.
  SigningPublicKey public_key{};
  crypto_sign_ed25519_seed_keypair(public_key.data(), key.secret_.data(), secret.data());
  if (sodium_memcmp(key.secret_.data(), secret.data(), secret.size()) != 0) {
    return invalid_argument("signing key is damaged: its halves do not belong together");
  }
  return key;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

SigningPublicKey SigningKey::public_key() const {
  SigningPublicKey key{};
  crypto_sign_ed25519_sk_to_pk(key.data(), secret_.data());
  return key;
}

std::array<std::uint8_t, 64> SigningKey::sign(ByteView message) const {
  std::array<std::uint8_t, 64> signature{};
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                               secret_.data());
  return signature;
}

bool verify_signature(const SigningPublicKey& key, ByteView message, ByteView signature) {
  require_sodium();
  return signature.size() == crypto_sign_ed25519_BYTES &&
         crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             key.data()) == 0;
}

Bytes head_signing_bytes(CaptureId capture, std::string_view track, std::uint64_t sequence,
                         const Hash& running_hash) {
  assert(track.size() <= 255);
  Bytes bytes;
  append(bytes, as_bytes(kHeadTag));
  append(bytes, capture.bytes());
  bytes.push_back(static_cast<std::uint8_t>(track.size()));
  append(bytes, as_bytes(track));
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(sequence >> shift & 0xff));
  }
  append(bytes, running_hash);
  return bytes;
}

v1::SignedHead sign_head(const SigningKey& key, CaptureId capture, std::string_view track,
                         const RunningHash& running) {
  assert(running.count() > 0);
  const std::uint64_t sequence = running.count() - 1;
  const auto signature = key.sign(head_signing_bytes(capture, track, sequence, running.value()));
  v1::SignedHead head;
  head.set_sequence(sequence);
  head.set_running_hash(to_string(running.value()));
  head.set_signature(to_string(signature));
  return head;
}

bool verify_head(const SigningPublicKey& key, CaptureId capture, std::string_view track,
                 const v1::SignedHead& head) {
  Hash running_hash{};
  if (head.running_hash().size() != running_hash.size() || track.size() > 255) return false;
  std::copy_n(as_bytes(head.running_hash()).begin(), running_hash.size(), running_hash.begin());
  return verify_signature(key, head_signing_bytes(capture, track, head.sequence(), running_hash),
                          as_bytes(head.signature()));
}

}  // namespace sitecast
