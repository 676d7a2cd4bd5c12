// SPDX-License-Identifier: Apache-2.0
// HTTP messages as the gateway's own code sees them: no Beast type passes this line. Only the
// header fields that something reads are carried. Thread-safety: value types; a Request is
// read-only once it is handed to a handler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hub/index/segment.h"
#include "proto/base/file.h"

namespace sitecast::gateway {

// HEAD is answered as GET without its body, so handlers never see it.
enum class Method { kGet, kPost, kDelete, kOther };
std::string_view name_of(Method method);

struct Request {
  Method method = Method::kOther;
  bool head = false;
  bool secure = false;             // the browser's way here is TLS, up to us or to a proxy
  bool upgrade_websocket = false;  // asks for RFC 6455
  std::string path;                // as sent, without query; never decoded (ids need no escapes)
  std::string query;               // without '?'
  std::string body;
  std::string address;  // who asks: IP address, text
  std::string host;
  std::string origin;
  std::string cookie;
  std::string range;
  std::string if_range;
  std::string if_none_match;
  std::string accept_encoding;
  std::string content_type;
  std::string csrf;  // X-Sitecast
};

// Pieces of one open file, sent one after the other.
struct FileBody {
  std::shared_ptr<const File> file;
  std::vector<hub::MediaRange> ranges;
};

// Pieces in memory that others hold too, sent one after the other without a copy.
struct SharedPieces {
  struct Piece {
    std::shared_ptr<const void> owner;  // keeps `bytes` alive
    std::string_view bytes;
  };
  std::vector<Piece> pieces;
};

// `std::string`: made for this response. Shared: long-lived bytes (static files) that outlive it.
using Body = std::variant<std::string, std::shared_ptr<const std::string>, FileBody, SharedPieces>;
std::uint64_t size_bytes(const Body& body);

struct Response {
  unsigned status = 200;
  std::string content_type;                                      // empty: no body
  std::vector<std::pair<std::string_view, std::string>> fields;  // names are literals
  Body body;
  std::string cause;  // of a 5xx, for the log; never sent

  void add(std::string_view name, std::string value) {
    fields.emplace_back(name, std::move(value));
  }
};

// {"error":{"code":…,"message":…}}; the code is a word for programs, the message for people who
// debug.
Response error_response(unsigned status, std::string_view code, std::string_view message);
Response bad_request(std::string_view message);  // 400, invalid_argument
Response json_response(std::string json);
std::string_view reason_phrase(unsigned status);

// Status line and fields, ready to be sent in front of the body. `keep_alive` decides Connection.
// Adds the security fields that every answer carries; the policy only where the response has none.
std::string format_head(const Response& response, bool keep_alive, bool secure,
                        std::string_view content_security_policy);

}  // namespace sitecast::gateway
