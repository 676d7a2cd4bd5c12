// SPDX-License-Identifier: Apache-2.0
// hub.toml. Unknown keys are errors; relative paths are relative to the file's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hub/ingest/mqtt_client.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct HubConfig {
  std::filesystem::path state_dir;
  std::string log_level = "info";
  BrokerAddress broker;
  std::int64_t max_group_ms = 20;                       // longest wait for a group to fill
  std::uint64_t reserve_bytes = 1024ULL * 1024 * 1024;  // free disk below which nothing is taken
  std::string metrics_listen;                           // 127.0.0.1:PORT; empty: none
  std::filesystem::path derive_worker;
  bool derive_enabled = false;
};

// kInvalidArgument naming the key and what it should be.
Result<HubConfig> load_config(const std::filesystem::path& file);

}  // namespace sitecast::hub
