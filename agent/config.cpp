// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "agent/publish/broker_address.h"
#include "proto/base/file.h"
#include "proto/base/text.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kConfigFileBytes = 1 << 20;

// Reads the keys of one table; whatever is left over at the end is unknown.
class TableReader {
 public:
  TableReader(const toml::table* table, std::string prefix)
      : table_(table), prefix_(std::move(prefix)) {}

  void text(std::string_view key, std::string& out) {
    if (const toml::node* node = take(key)) {
      const auto value = node->value_exact<std::string>();
      if (!value)
        fail(key, "must be text in quotes");
      else if (std::any_of(value->begin(), value->end(), is_control))
        fail(key, "has a control character");
      else
        out = *value;
    }
  }
  void path(std::string_view key, const std::filesystem::path& folder, std::filesystem::path& out) {
    std::string value = out.string();
    text(key, value);
    out = value.empty() ? std::filesystem::path() : (folder / value).lexically_normal();
  }
  template <typename IdType>
  void id(std::string_view key, IdType& out, bool required) {
    std::string value;
    text(key, value);
    if (value.empty()) {
      if (required) fail(key, "is missing; `sitecast-hub device enrol` writes it");
      return;
    }
    const auto parsed = IdType::parse(value);
    if (parsed && !parsed->is_nil())
      out = *parsed;
    else
      fail(key, "is not an id of 22 characters");
  }
  template <typename Number>
  void number(std::string_view key, Number& out, std::uint64_t low, std::uint64_t high) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
        static_cast<std::uint64_t>(*value) > high) {
      fail(key, fmt::format("must be a whole number from {} to {}", low, high));
      return;
    }
    out = static_cast<Number>(*value);
  }
  // A text that is one of `words`.
  void choice(std::string_view key, std::string& out, const std::vector<std::string>& words) {
    text(key, out);
    if (std::find(words.begin(), words.end(), out) == words.end()) {
      fail(key, fmt::format("must be one of {}", fmt::join(words, ", ")));
    }
  }
  // The table below `key`; an absent one reads as empty.
  TableReader table(std::string_view key) {
    const toml::node* node = take(key);
    if (node != nullptr && !node->is_table()) fail(key, "must be a table");
    return {node == nullptr ? nullptr : node->as_table(), name_of(key) + "."};
  }
  void fail(std::string_view key, std::string_view what) {
    if (!error_) error_ = fmt::format("{} {}", name_of(key), what);
  }
  // The first thing that was wrong.
  std::optional<std::string> finish() {
    if (error_ || table_ == nullptr) return error_;
    for (const auto& [key, node] : *table_) {
      if (taken_.count(std::string(key.str())) == 0) {
        return fmt::format("unknown key {}", name_of(key.str()));
      }
    }
    return std::nullopt;
  }

 private:
  const toml::node* take(std::string_view key) {
    taken_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  [[nodiscard]] std::string name_of(std::string_view key) const {
    return prefix_ + std::string(key);
  }

  const toml::table* table_;
  std::string prefix_;
  std::set<std::string> taken_;
  std::optional<std::string> error_;
};

Result<toml::table> parse_toml(std::string_view text, std::string_view name) {
  try {
    return toml::table(toml::parse(text));
  } catch (const toml::parse_error& e) {
    return invalid_argument(fmt::format("{}:{}: {}", name, e.source().begin.line, e.description()));
  }
}

constexpr std::uint64_t kMuch = std::numeric_limits<std::int64_t>::max();

std::optional<std::string> read_broker(TableReader table, const std::filesystem::path& folder,
                                       BrokerConfig& broker, bool enrolled) {
  table.text("url", broker.url);
  table.text("username", broker.username);
  table.path("password_file", folder, broker.password_file);
  table.path("ca_file", folder, broker.ca_file);
  if (enrolled && broker.url.empty()) {
    table.fail("url", "is missing; it is mqtts://HOST:PORT, or mqtt://127.0.0.1:PORT");
  } else if (enrolled) {
    const auto address = parse_broker_url(broker.url);
    if (!address.ok()) table.fail("url", address.error().message());
  }
  return table.finish();
}

std::optional<std::string> read_spool(TableReader table, const std::filesystem::path& folder,
                                      SpoolConfig& spool) {
  table.path("dir", folder, spool.dir);
  table.number("quota_bytes", spool.quota_bytes, 1 << 20, kMuch);
  table.number("reserve_bytes", spool.reserve_bytes, 4 << 20, kMuch);
  table.path("ledger", folder, spool.ledger);
  return table.finish();
}

std::optional<std::string> read_encode(TableReader table, EncodeOptions& encode) {
  table.text("encoder", encode.encoder);
  table.number("part_duration_ms", encode.video_part_ms, 1, 1000);
  table.number("audio_part_duration_ms", encode.audio_part_ms, 20, 1000);
  table.number("video_bitrate_kbps", encode.video_bitrate_kbps, 50, 100'000);
  table.number("audio_bitrate_kbps", encode.audio_bitrate_kbps, 8, 512);
  table.number("width", encode.max_width_px, 64, 7680);
  table.number("height", encode.max_height_px, 64, 7680);
  table.number("fps", encode.max_fps, 1, 120);
  table.choice("master", encode.master, {"auto", "on", "off"});
  table.number("master_bitrate_kbps", encode.master_bitrate_kbps, 50, 100'000);
  table.number("master_width", encode.master_max_width_px, 64, 7680);
  table.number("master_height", encode.master_max_height_px, 64, 7680);
  return table.finish();
}

std::optional<std::string> read_publish(TableReader table, PublishConfig& publish) {
  table.number("window_bytes", publish.window_bytes, 64 << 10, 1 << 30);
  table.text("congestion_control", publish.congestion_control);
  table.choice("adapt", publish.adapt, {"auto", "on", "off"});
  table.choice("on_metered", publish.on_metered, {"live-only", "everything"});
  table.number("daily_budget_mb", publish.daily_budget_mb, 0, 1'000'000'000);
  return table.finish();
}

std::optional<std::string> read_network(TableReader table, NetworkConfig& network) {
  table.choice("metered", network.metered, {"auto", "yes", "no"});
  return table.finish();
}

std::optional<std::string> read_screen(TableReader table, const std::filesystem::path& folder,
                                       ScreenConfig& screen) {
  table.number("port", screen.port, 0, 65'535);
  table.path("files", folder, screen.files);
  table.text("source", screen.source);
  table.text("audio", screen.audio);
  if (screen.port != 0 && screen.files.empty()) table.fail("files", "is missing: the built page");
  if (screen.port != 0 && screen.source.empty()) table.fail("source", "is missing: what it films");
  return table.finish();
}

std::optional<std::string> read_talk(TableReader table, TalkConfig& talk) {
  table.text("sink", talk.sink);
  table.number("hold_ms", talk.hold_ms, 0, 1000);
  return table.finish();
}

}  // namespace

Result<AgentConfig> parse_config(std::string_view text, const std::filesystem::path& folder,
                                 std::string_view name, ConfigUse use) {
  SC_TRY_ASSIGN(const toml::table parsed, parse_toml(text, name));
  AgentConfig config;
  const bool enrolled = use == ConfigUse::kEnrolled;
  TableReader root(&parsed, "");
  root.id("device_id", config.device_id, enrolled);
  root.id("project_id", config.project_id, enrolled);
  root.text("name", config.name);
  root.text("log_level", config.log_level);
  root.path("key_file", folder, config.key_file);
  if (config.log_level != "debug" && config.log_level != "info" && config.log_level != "warn" &&
      config.log_level != "error") {
    root.fail("log_level", "must be debug, info, warn or error");
  }
  auto error = read_broker(root.table("broker"), folder, config.broker, enrolled);
  if (!error) error = read_spool(root.table("spool"), folder, config.spool);
  if (!error) error = read_encode(root.table("encode"), config.encode);
  if (!error) error = read_publish(root.table("publish"), config.publish);
  if (!error) error = read_network(root.table("network"), config.network);
  if (!error) error = read_screen(root.table("screen"), folder, config.screen);
  if (!error) error = read_talk(root.table("talk"), config.talk);
  if (const auto root_error = root.finish()) error = root_error;
  if (error) return invalid_argument(fmt::format("{}: {}", name, *error));
  if (config.broker.username.empty()) config.broker.username = config.device_id.text();
  return config;
}

Result<AgentConfig> load_config(const std::filesystem::path& path, ConfigUse use) {
  const auto text = read_file(path, kConfigFileBytes);
  if (!text.ok()) return text.error().within("configuration");
  const auto absolute = std::filesystem::absolute(path);
  return parse_config(as_text(*text), absolute.parent_path(), path.string(), use);
}

}  // namespace sitecast::agent
