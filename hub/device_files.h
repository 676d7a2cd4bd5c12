// SPDX-License-Identifier: Apache-2.0
// What an enrolled device is given: its configuration and its password at the broker.
#pragma once

#include <filesystem>
#include <string>

#include "hub/ingest/mqtt_client.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct DeviceFileOptions {
  std::string name;
  std::string project;
  std::filesystem::path folder;
  std::string broker_url;         // empty: the hub's own
  std::filesystem::path ca_file;  // empty: the hub's own
};

// Makes the folder. kFailedPrecondition: a device's configuration or password is there already;
// nothing is touched, because nobody could give them back. To be called before a device is enrolled
// that would then have no folder.
Status prepare_device_folder(const DeviceFileOptions& options);

// Writes broker.password (mode 0600) and then agent.toml. REQUIRES: prepare_device_folder().
Status write_device_files(const DeviceFileOptions& options, const BrokerAddress& hub_broker,
                          const std::string& device_id, const std::string& password);

}  // namespace sitecast::hub
