// SPDX-License-Identifier: Apache-2.0
#include "hub/config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <functional>
#include <map>

namespace sitecast::hub {
namespace {

using Setter = std::function<Status(const toml::node&)>;
using Keys = std::map<std::string, Setter, std::less<>>;

Setter text(std::string& target) {
  return [&target](const toml::node& node) -> Status {
    const auto value = node.value_exact<std::string>();
    if (!value) return invalid_argument("must be a text");
    target = *value;
    return Ok{};
  };
}

Setter path(std::filesystem::path& target, const std::filesystem::path& base) {
  return [&target, base](const toml::node& node) -> Status {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) return invalid_argument("must be a path");
    target = base / *value;  // an absolute path replaces the base
    return Ok{};
  };
}

template <typename Integer>
Setter number(Integer& target, std::int64_t least, std::int64_t most) {
  return [&target, least, most](const toml::node& node) -> Status {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
      return invalid_argument(fmt::format("must be a whole number from {} to {}", least, most));
    }
    target = static_cast<Integer>(*value);
    return Ok{};
  };
}

Setter flag(bool& target) {
  return [&target](const toml::node& node) -> Status {
    const auto value = node.value_exact<bool>();
    if (!value) return invalid_argument("must be true or false");
    target = *value;
    return Ok{};
  };
}

Status read_table(const toml::table& table, const std::string& prefix, const Keys& keys,
                  const std::map<std::string, Keys>& tables) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (const auto inner = tables.find(name); inner != tables.end()) {
      if (!node.is_table()) return invalid_argument(fmt::format("`{}` must be a table", name));
      SC_TRY(read_table(*node.as_table(), name + ".", inner->second, {}));
      continue;
    }
    const auto found = keys.find(name);
    if (found == keys.end()) {
      std::string known;
      for (const auto& [other, setter] : keys) known += (known.empty() ? "" : ", ") + other;
      return invalid_argument(
          fmt::format("unknown key `{}{}`; known here: {}", prefix, name, known));
    }
    if (const Status set = found->second(node); !set.ok()) {
      return invalid_argument(fmt::format("`{}{}` {}", prefix, name, set.error().message()));
    }
  }
  return Ok{};
}

Result<toml::table> parse_file(const std::filesystem::path& file) {
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    return invalid_argument(fmt::format("{}", error.description()));
  }
}

}  // namespace

Result<HubConfig> load_config(const std::filesystem::path& file) {
  std::error_code error;
  const auto base = std::filesystem::absolute(file, error).parent_path();
  HubConfig config;
  const Keys top{{"state_dir", path(config.state_dir, base)},
                 {"log_level", text(config.log_level)}};
  const std::map<std::string, Keys> tables{
      {"broker",
       {{"url", text(config.broker.url)},
        {"username", text(config.broker.username)},
        {"password_file", path(config.broker.password_file, base)},
        {"ca_file", path(config.broker.ca_file, base)}}},
      {"commit",
       {{"max_group_ms", number(config.max_group_ms, 0, 1000)},
        {"reserve_bytes", number(config.reserve_bytes, 0, INT64_MAX)}}},
      {"metrics", {{"listen", text(config.metrics_listen)}}},
      {"derive",
       {{"worker", path(config.derive_worker, base)}, {"enabled", flag(config.derive_enabled)}}}};
  auto parsed = parse_file(file);
  if (!parsed.ok()) return parsed.error().within(file.string());
  if (const Status read = read_table(*parsed, "", top, tables); !read.ok()) {
    return read.error().within(file.string());
  }
  if (config.state_dir.empty()) {
    return invalid_argument(file.string() +
                            ": `state_dir` is missing: where the hub keeps its files");
  }
  if (!set_log_level(config.log_level)) {
    return invalid_argument(file.string() + ": `log_level` must be debug, info, warn or error");
  }
  return config;
}

}  // namespace sitecast::hub
