// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "viewer/gateway/http/client_address.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kMostConnections = 100'000;

// One table of the file; remembers which keys were asked for, so that the others can be named.
class Table {
 public:
  Table(const toml::table* table, std::string name, std::filesystem::path base)
      : table_(table), name_(std::move(name)), base_(std::move(base)) {}

  [[nodiscard]] bool exists() const { return table_ != nullptr; }

  Result<std::string> text(const std::string& key, std::optional<std::string> absent) {
    const auto* node = find(key);
    if (node == nullptr) {
      if (absent) return *absent;
      return invalid_argument(fmt::format("{} is missing", full(key)));
    }
    if (const auto value = node->value_exact<std::string>()) return *value;
    return invalid_argument(fmt::format("{} must be text in quotes", full(key)));
  }

  // Absent: empty, or an error when `required`.
  Result<std::filesystem::path> path(const std::string& key, bool required) {
    SC_TRY_ASSIGN(const auto value,
                  text(key, required ? std::nullopt : std::optional<std::string>("")));
    if (value.empty() && required) return invalid_argument(fmt::format("{} is empty", full(key)));
    return value.empty() ? std::filesystem::path() : (base_ / value).lexically_normal();
  }

  // A list of text; absent: empty.
  Result<std::vector<std::string>> texts(const std::string& key) {
    std::vector<std::string> found;
    const auto* node = find(key);
    if (node == nullptr) return found;
    const auto* list = node->as_array();
    if (list == nullptr) return invalid_argument(fmt::format("{} must be a list", full(key)));
    for (const auto& one : *list) {
      const auto value = one.value_exact<std::string>();
      if (!value) return invalid_argument(fmt::format("{} must hold text in quotes", full(key)));
      found.push_back(*value);
    }
    return found;
  }

  Result<std::size_t> count(const std::string& key, std::size_t absent, std::size_t most) {
    const auto* node = find(key);
    if (node == nullptr) return absent;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 1 || static_cast<std::uint64_t>(*value) > most) {
      return invalid_argument(
          fmt::format("{} must be a whole number from 1 to {}", full(key), most));
    }
    return static_cast<std::size_t>(*value);
  }

  Table table(const std::string& key) {
    const auto* node = find(key);
    const auto* inner = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && inner == nullptr) not_tables_.push_back(key);
    return {inner, full(key), base_};
  }

  Status check_unknown() const {
    for (const auto& key : not_tables_) {
      return invalid_argument(fmt::format("{} must be a table: [{}]", full(key), full(key)));
    }
    if (table_ == nullptr) return Ok{};
    for (const auto& [key, node] : *table_) {
      if (asked_.count(std::string(key.str())) == 0) {
        return invalid_argument(
            fmt::format("unknown key {}: remove it or correct its spelling", full(key.str())));
      }
    }
    return Ok{};
  }

 private:
  const toml::node* find(const std::string& key) {
    asked_.insert(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  [[nodiscard]] std::string full(std::string_view key) const {
    return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
  }

  const toml::table* table_;
  std::string name_;
  std::filesystem::path base_;
  std::set<std::string> asked_;
  std::vector<std::string> not_tables_;
};

Result<Endpoint> read_endpoint(Table& table, const std::string& key) {
  SC_TRY_ASSIGN(const auto text, table.text(key, std::nullopt));
  auto endpoint = parse_endpoint(text);
  if (!endpoint.ok()) return endpoint.error().within(key);
  return endpoint;
}

Status check_origin(const std::string& origin) {
  if (origin.empty()) return Ok{};
  const bool has_scheme = origin.starts_with("https://") || origin.starts_with("http://");
  const auto host = has_scheme ? origin.substr(origin.find("//") + 2) : std::string();
  if (host.empty() || host.find_first_of("/ ;,'\"") != std::string::npos) {
    return invalid_argument(
        "public_origin must be a scheme and a host without a path, e.g. https://site.example");
  }
  return Ok{};
}

Status check_broker_url(const std::string& url) {
  const bool tls = url.starts_with("mqtts://");
  if (!tls && !url.starts_with("mqtt://")) {
    return invalid_argument("broker.url must begin with mqtt:// or mqtts://");
  }
  if (tls) return Ok{};
  const auto endpoint = parse_endpoint(url.substr(url.find("//") + 2));
  if (!endpoint.ok() || !is_loopback(*endpoint)) {
    return invalid_argument(
        "broker.url: mqtt:// is allowed to a loopback address only (e.g. mqtt://127.0.0.1:1883); "
        "use mqtts:// and broker.ca_file for any other");
  }
  return Ok{};
}

Result<BrokerConfig> read_broker(Table& table) {
  BrokerConfig broker;
  SC_TRY_ASSIGN(broker.url, table.text("url", std::nullopt));
  SC_TRY(check_broker_url(broker.url));
  if (broker.url.starts_with("mqtt://")) {
    SC_TRY_ASSIGN(broker.plain, parse_endpoint(broker.url.substr(broker.url.find("//") + 2)));
  }
  SC_TRY_ASSIGN(broker.ca_file, table.path("ca_file", broker.url.starts_with("mqtts://")));
  SC_TRY_ASSIGN(broker.reader.username, table.text("reader_username", "gateway-reader"));
  SC_TRY_ASSIGN(broker.reader.password_file, table.path("reader_password_file", true));
  BrokerUser publisher;
  SC_TRY_ASSIGN(publisher.username, table.text("publisher_username", "gateway-publisher"));
  SC_TRY_ASSIGN(publisher.password_file, table.path("publisher_password_file", false));
  if (!publisher.password_file.empty()) broker.publisher = std::move(publisher);
  SC_TRY(table.check_unknown());
  return broker;
}

Result<Config> read_config(const toml::table& root, const std::filesystem::path& base) {
  Config config;
  Table table(&root, "", base);
  SC_TRY_ASSIGN(config.listen, read_endpoint(table, "listen"));
  SC_TRY_ASSIGN(config.web_dir, table.path("web_dir", false));
  SC_TRY_ASSIGN(config.hub_state_dir, table.path("hub_state_dir", true));
  SC_TRY_ASSIGN(config.state_dir, table.path("state_dir", true));
  SC_TRY_ASSIGN(config.plan_reader, table.path("plan_reader", false));
  SC_TRY_ASSIGN(config.log_level, table.text("log_level", config.log_level));
  constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warn", "error"};
  if (std::find(kLevels.begin(), kLevels.end(), config.log_level) == kLevels.end()) {
    return invalid_argument("log_level must be debug, info, warn or error");
  }
  SC_TRY_ASSIGN(config.public_origin, table.text("public_origin", ""));
  SC_TRY(check_origin(config.public_origin));
  SC_TRY_ASSIGN(const auto proxies, table.texts("trusted_proxy"));
  for (const auto& proxy : proxies) {
    const auto address = canonical_address(proxy);
    if (!address) {
      return invalid_argument(fmt::format("trusted_proxy: \"{}\" is not an IP address", proxy));
    }
    config.trusted_proxy.push_back(*address);
  }

  auto tls = table.table("tls");
  if (tls.exists()) {
    config.tls.emplace();
    SC_TRY_ASSIGN(config.tls->certificate_file, tls.path("certificate_file", true));
    SC_TRY_ASSIGN(config.tls->key_file, tls.path("key_file", true));
    SC_TRY(tls.check_unknown());
  }
  auto broker = table.table("broker");
  SC_TRY_ASSIGN(config.broker, read_broker(broker));
  auto metrics = table.table("metrics");
  if (metrics.exists()) {
    SC_TRY_ASSIGN(const auto listen, read_endpoint(metrics, "listen"));
    SC_TRY(metrics.check_unknown());
    if (!is_loopback(listen)) {
      return invalid_argument("metrics.listen must be a loopback address, e.g. 127.0.0.1:9102");
    }
    config.metrics = listen;
  }
  auto limits = table.table("limits");
  SC_TRY_ASSIGN(config.limits.connections,
                limits.count("connections", config.limits.connections, kMostConnections));
  SC_TRY_ASSIGN(config.limits.connections_per_address,
                limits.count("connections_per_address", config.limits.connections_per_address,
                             kMostConnections));
  SC_TRY(limits.check_unknown());
  SC_TRY(table.check_unknown());

  if (!config.tls && !is_loopback(config.listen)) {
    return invalid_argument(
        "listen: without [tls] only a loopback address is allowed (e.g. 127.0.0.1:8080); give "
        "tls.certificate_file and tls.key_file to serve other addresses");
  }
  return config;
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : parse_unsigned(std::string_view(text).substr(colon + 1));
  if (!port || *port > 65535) {
    return invalid_argument(fmt::format("\"{}\" is not ADDRESS:PORT, e.g. 127.0.0.1:8080", text));
  }
  std::string address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) != 1 &&
      ::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) {
    return invalid_argument(fmt::format("\"{}\" is not an IP address with a port", text));
  }
  return Endpoint{address, static_cast<std::uint16_t>(*port)};
}

bool is_loopback(const Endpoint& endpoint) {
  return endpoint.address == "::1" || endpoint.address.starts_with("127.");
}

Result<Config> load_config(const std::filesystem::path& file) {
  try {
    const auto root = toml::parse_file(file.string());
    auto config = read_config(root, file.parent_path());
    if (!config.ok()) return config.error().within(file.string());
    return config;
  } catch (const toml::parse_error& failure) {
    const auto& where = failure.source().begin;
    return invalid_argument(
        fmt::format("{}:{}: {}", file.string(), where.line, failure.description()));
  }
}

}  // namespace sitecast::gateway
