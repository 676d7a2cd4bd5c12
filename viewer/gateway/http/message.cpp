// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/http/message.h"

#include <fmt/format.h>

#include <iterator>

#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {

std::string_view name_of(Method method) {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kPost: return "POST";
    case Method::kDelete: return "DELETE";
    case Method::kOther: break;
  }
  return "OTHER";
}

std::uint64_t size_bytes(const Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body)) {
    return *shared ? (*shared)->size() : 0;
  }
  std::uint64_t sum = 0;
  if (const auto* shared = std::get_if<SharedPieces>(&body)) {
    for (const auto& piece : shared->pieces) sum += piece.bytes.size();
    return sum;
  }
  for (const auto& range : std::get<FileBody>(body).ranges) sum += range.size_bytes;
  return sum;
}

Response json_response(std::string json) {
  Response response;
  response.content_type = "application/json";
  response.body = std::move(json);
  return response;
}

Response error_response(unsigned status, std::string_view code, std::string_view message) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.member("code", code).member("message", message);
  json.end_object().end_object();
  auto response = json_response(std::move(json).take());
  response.status = status;
  return response;
}

Response bad_request(std::string_view message) {
  return error_response(400, "invalid_argument", message);
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 416: return "Range Not Satisfiable";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

std::string format_head(const Response& response, bool keep_alive, bool secure,
                        std::string_view content_security_policy) {
  std::string head;
  head.reserve(1024);
  auto out = std::back_inserter(head);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  bool has_policy = false;
  bool has_cache_control = false;
  for (const auto& [name, value] : response.fields) {
    fmt::format_to(out, "{}: {}\r\n", name, value);
    has_policy = has_policy || name == "Content-Security-Policy";
    has_cache_control = has_cache_control || name == "Cache-Control";
  }
  if (!response.content_type.empty()) {
    fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
  }
  if (response.status != 204 && response.status != 304) {
    fmt::format_to(out, "Content-Length: {}\r\n", size_bytes(response.body));
  }
  // What a person may see depends on who asks: nothing is kept unless a handler says so.
  if (!has_cache_control) head += "Cache-Control: no-store\r\n";
  if (!has_policy) {
    fmt::format_to(out, "Content-Security-Policy: {}\r\n", content_security_policy);
  }
  head +=
      "X-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "X-Frame-Options: DENY\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n";
  if (secure) head += "Strict-Transport-Security: max-age=31536000\r\n";
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace sitecast::gateway
