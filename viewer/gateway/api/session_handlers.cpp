// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/session_handlers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

// Under TLS the prefix makes browsers refuse the cookie from anybody but this very host over TLS.
std::string_view cookie_name(bool secure) {
  return secure ? "__Host-sitecast_session" : "sitecast_session";
}

std::string cookie(bool secure, std::string_view value, std::int64_t max_age_s) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_name(secure),
                     value, max_age_s, secure ? "; Secure" : "");
}

}  // namespace

std::optional<Credentials> parse_credentials(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto user = json.find("user");
  const auto password = json.find("password");
  if (user == json.end() || password == json.end() || !user->is_string() ||
      !password->is_string() || json.size() != 2) {
    return std::nullopt;
  }
  return Credentials{user->get<std::string>(), password->get<std::string>()};
}

std::optional<TokenHash> session_of(const Request& request) {
  const auto token = find_cookie(request.cookie, cookie_name(request.secure));
  return token ? hash_token(*token) : std::nullopt;
}

Response account_response(const Account& account) {
  JsonWriter json;
  json.begin_object().member("user", account.user).member("display_name", account.display_name);
  json.member("role", name_of(account.role)).member("locale", account.locale).end_object();
  return json_response(std::move(json).take());
}

Response sign_in_response(const SignInAnswer& answer, bool secure) {
  if (const auto* signed_in = std::get_if<SignedIn>(&answer)) {
    auto response = account_response(signed_in->account);
    response.add("Set-Cookie", cookie(secure, signed_in->token, kSessionLongestUs / 1'000'000));
    return response;
  }
  if (const auto* throttled = std::get_if<Throttled>(&answer)) {
    auto response = error_response(429, "throttled", "too many tries: wait a moment");
    response.add("Retry-After", std::to_string(throttled->wait_seconds));
    return response;
  }
  if (std::holds_alternative<WrongCredentials>(answer)) {
    return error_response(401, "wrong_credentials", "user or password is wrong");
  }
  auto response = error_response(503, "unavailable", "signing in is not possible right now");
  response.add("Retry-After", "2");
  response.cause = std::get<SignInUnavailable>(answer).error.message();
  return response;
}

Response signed_out_response(bool secure) {
  Response response;
  response.status = 204;
  response.add("Set-Cookie", cookie(secure, "", 0));
  response.add("Clear-Site-Data", "\"cache\"");
  return response;
}

}  // namespace sitecast::gateway
