// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) by OpenSSL, about seven times faster here than libsodium's.
// Thread-safety: a Sha256 belongs to one thread; the functions are thread-safe.
#pragma once

#include <array>
#include <memory>

#include "proto/base/bytes.h"

struct evp_md_ctx_st;

namespace sitecast {

using Hash = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView bytes);
  // The hash of all bytes so far; then starts afresh.
  Hash finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Hash sha256(ByteView bytes);
Hash sha256(ByteView first, ByteView second);  // of the concatenation

}  // namespace sitecast
