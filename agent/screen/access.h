// SPDX-License-Identifier: Apache-2.0
// Who may talk to the screen's server: pages of its own, opened with the address that it printed.
// Listening on loopback alone does not do: every page of the machine's browser reaches it there.
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/result.h"

namespace sitecast::agent {

struct ScreenRequest {
  std::string_view host;                   // header Host
  std::optional<std::string_view> origin;  // header Origin
  std::string_view target;                 // as asked for, with its query
  bool websocket = false;
};

class ScreenAccess {
 public:
  // `token` is the first folder of every address.
  ScreenAccess(std::uint16_t port, std::string token);

  // 128 bits of chance as base64url.
  static std::string make_token();

  [[nodiscard]] std::string address() const;  // http://127.0.0.1:PORT/TOKEN/

  // The path below the token, without a query; "index.html" for the folder itself.
  // kPermissionDenied: the name in Host is not this machine's own (DNS rebinding), or another
  // page's script asks, or a socket without a page. kNotFound: not the token.
  [[nodiscard]] Result<std::string> path_of(const ScreenRequest& request) const;

 private:
  [[nodiscard]] bool is_own(std::string_view host) const;

  const std::string port_;
  const std::string token_;
};

}  // namespace sitecast::agent
