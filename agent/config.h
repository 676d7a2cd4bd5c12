// SPDX-License-Identifier: Apache-2.0
// agent.toml: everything the agent is told. Unknown keys are errors; relative paths are relative to
// the file. agent/agent.toml is the documented example; a test holds its values to these defaults.
// Thread-safety: plain values, read once at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "agent/encode/encode_options.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::agent {

struct BrokerConfig {
  std::string url;       // checked: mqtts://HOST:PORT, or mqtt:// of this machine itself
  std::string username;  // empty: the device id
  std::filesystem::path password_file;  // looked at only when connecting; empty: no password
  std::filesystem::path ca_file;        // mqtts: empty = the system's authorities
};

struct SpoolConfig {
  std::filesystem::path dir = "spool";
  std::uint64_t quota_bytes = 16ULL << 30;
  std::uint64_t reserve_bytes = 512ULL << 20;
  std::filesystem::path ledger;  // empty: none
};

struct PublishConfig {
  std::uint64_t window_bytes = 8ULL << 20;
  std::string congestion_control = "bbr";  // empty: the system's
  // Whether the live rendition follows the link: "on", "off", or "auto" = where a master is
  // recorded, so that the archive loses nothing by it.
  std::string adapt = "auto";
  std::string on_metered = "live-only";  // or "everything"
  // Data that may be sent in a day; 0: any amount. With metered = "auto" only on metered networks.
  std::uint64_t daily_budget_mb = 0;
};

struct NetworkConfig {
  // Whether data costs by the byte here: "no", "yes", or "auto" = on a mobile modem.
  std::string metered = "no";
};

// The page on which the service agent works; agent/screen/README.md.
struct ScreenConfig {
  std::uint16_t port = 0;  // of 127.0.0.1; 0: none is served
  std::filesystem::path files;
  std::string source;  // what its record button films, as --source of record
  std::string audio;   // as --audio
};

struct TalkConfig {
  std::string sink = "autoaudiosink";  // GStreamer launch fragment; empty: nothing is played
  std::uint32_t hold_ms = 60;
};

struct AgentConfig {
  DeviceId device_id;
  ProjectId project_id;
  std::string name;
  std::string log_level = "warn";
  std::filesystem::path key_file = "device.key";
  BrokerConfig broker;
  SpoolConfig spool;
  EncodeOptions encode;
  PublishConfig publish;
  NetworkConfig network;
  ScreenConfig screen;
  TalkConfig talk;
};

// What a command needs of the file: keygen runs before the device is enrolled.
enum class ConfigUse { kEnrolled, kKeygen };

// kInvalidArgument or kNotFound: names file, key and what is wrong with it.
Result<AgentConfig> load_config(const std::filesystem::path& path, ConfigUse use);
// The same from text; `folder` is what relative paths are relative to, `name` is for messages.
Result<AgentConfig> parse_config(std::string_view text, const std::filesystem::path& folder,
                                 std::string_view name, ConfigUse use);

}  // namespace sitecast::agent
