// SPDX-License-Identifier: Apache-2.0
// Cookie and bodies of /api/v1/session. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>

#include "viewer/gateway/accounts/accounts.h"
#include "viewer/gateway/http/message.h"

namespace sitecast::gateway {

struct Credentials {
  std::string user;
  std::string password;
};
// {"user":…,"password":…}; nullopt when it is anything else.
std::optional<Credentials> parse_credentials(const std::string& body);

// The session of the request's cookie; nullopt when there is none that could be one.
std::optional<TokenHash> session_of(const Request& request);

Response account_response(const Account& account);
Response sign_in_response(const SignInAnswer& answer, bool secure);
// Clears the cookie and what the browser keeps of the pages' answers.
Response signed_out_response(bool secure);

}  // namespace sitecast::gateway
