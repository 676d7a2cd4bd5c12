// SPDX-License-Identifier: Apache-2.0
// gateway.toml, read once at start. Unknown keys, missing keys and values out of range are errors
// that name the key; relative paths are relative to the file. Keys: README.md, "Configuration".
// Thread-safe after load: read-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/result.h"

namespace sitecast::gateway {

struct Endpoint {
  std::string address;  // IP address
  std::uint16_t port = 0;
};

struct TlsFiles {
  std::filesystem::path certificate_file;  // PEM, with its chain
  std::filesystem::path key_file;
};

struct BrokerUser {
  std::string username;
  std::filesystem::path password_file;
};

struct BrokerConfig {
  std::string url;
  std::optional<Endpoint> plain;  // of an mqtt:// url, which is on loopback
  std::filesystem::path ca_file;
  BrokerUser reader;
  std::optional<BrokerUser> publisher;  // absent: people can look and state nothing
};

struct LimitsConfig {
  std::size_t connections = 4096;
  std::size_t connections_per_address = 512;
};

struct Config {
  Endpoint listen;
  std::filesystem::path web_dir;  // empty: the API only
  std::filesystem::path hub_state_dir;
  std::filesystem::path state_dir;
  std::filesystem::path plan_reader;  // sitecast-plan-read; empty: beside this program
  std::string log_level = "info";
  std::string public_origin;  // e.g. https://site.example; empty: what the browser says it asked
  std::vector<std::string> trusted_proxy;  // canonical addresses (http/client_address.h)
  std::optional<TlsFiles> tls;
  BrokerConfig broker;
  std::optional<Endpoint> metrics;
  LimitsConfig limits;
};

Result<Config> load_config(const std::filesystem::path& file);

// "127.0.0.1:8080" or "[::1]:8080".
Result<Endpoint> parse_endpoint(const std::string& text);
bool is_loopback(const Endpoint& endpoint);

}  // namespace sitecast::gateway
