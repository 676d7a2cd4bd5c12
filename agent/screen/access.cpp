// SPDX-License-Identifier: Apache-2.0
#include "agent/screen/access.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "proto/base/bytes.h"

namespace sitecast::agent {

ScreenAccess::ScreenAccess(std::uint16_t port, std::string token)
    : port_(std::to_string(port)), token_(std::move(token)) {}

std::string ScreenAccess::make_token() {
  std::array<std::uint8_t, 16> chance{};
  if (RAND_bytes(chance.data(), static_cast<int>(chance.size())) != 1) std::abort();
  return base64url_encode(chance);
}

std::string ScreenAccess::address() const {
  return "http://127.0.0.1:" + port_ + "/" + token_ + "/";
}

bool ScreenAccess::is_own(std::string_view host) const {
  return host == "127.0.0.1:" + port_ || host == "localhost:" + port_;
}

Result<std::string> ScreenAccess::path_of(const ScreenRequest& request) const {
  const auto refused = [](std::string why) {
    return Error(ErrorKind::kPermissionDenied, std::move(why));
  };
  if (!is_own(request.host)) return refused("not addressed to this machine by its own name");
  constexpr std::string_view kScheme = "http://";
  if (request.origin) {
    if (!request.origin->starts_with(kScheme) ||
        request.origin->substr(kScheme.size()) != request.host) {
      return refused("asked by another page");
    }
  } else if (request.websocket) {
    return refused("a socket that no page opened");
  }
  const std::string_view target = request.target.substr(0, request.target.find('?'));
  const std::size_t end = token_.size() + 2;
  if (target.size() < end || target.front() != '/' || target[end - 1] != '/' ||
      CRYPTO_memcmp(target.data() + 1, token_.data(), token_.size()) != 0) {
    return not_found("nothing is here");
  }
  const std::string_view path = target.substr(end);
  return std::string(path.empty() ? "index.html" : path);
}

}  // namespace sitecast::agent
