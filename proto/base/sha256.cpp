// SPDX-License-Identifier: Apache-2.0
#include "proto/base/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace sitecast {
namespace {
void check(int ok) {
  if (ok != 1) std::abort();  // only out of memory or a broken OpenSSL
}
}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Hash Sha256::finish() {
  Hash hash{};
  check(EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr));
  check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  return hash;
}

Hash sha256(ByteView bytes) { return sha256(bytes, {}); }

Hash sha256(ByteView first, ByteView second) {
  thread_local Sha256 hasher;
  hasher.update(first);
  hasher.update(second);
  return hasher.finish();
}

}  // namespace sitecast
