// SPDX-License-Identifier: Apache-2.0
#include "hub/device_files.h"

#include <fmt/format.h>

#include <sstream>

#include <toml++/toml.h>

#include "proto/base/file.h"

namespace sitecast::hub {

namespace {

constexpr const char* kConfigName = "agent.toml";
constexpr const char* kPasswordName = "broker.password";

// Also a link that leads nowhere.
bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

}  // namespace

Status prepare_device_folder(const DeviceFileOptions& options) {
  for (const char* name : {kConfigName, kPasswordName}) {
    if (!is_there(options.folder / name)) continue;
    return failed_precondition(
        fmt::format("{} is there already: it belongs to a device that was enrolled before, and "
                    "what that device "
                    "has not delivered yet needs it. Name another folder with --out; to enrol this "
                    "device anew, "
                    "let it deliver everything and move {} and {} away first. Nothing was changed",
                    (options.folder / name).string(), kConfigName, kPasswordName));
  }
  return make_folders_durably(options.folder);
}

Status write_device_files(const DeviceFileOptions& options, const BrokerAddress& hub_broker,
                          const std::string& device_id, const std::string& password) {
  toml::table broker{
      {"url", options.broker_url.empty() ? hub_broker.url : options.broker_url},
      {"username", device_id},
      {"password_file", "broker.password"},
  };
  const auto& ca_file = options.ca_file.empty() ? hub_broker.ca_file : options.ca_file;
  if (!ca_file.empty()) {
    std::error_code error;
    broker.insert("ca_file", std::filesystem::absolute(ca_file, error).string());
  }
  const toml::table agent{
      {"device_id", device_id},      {"project_id", options.project},
      {"name", options.name},        {"key_file", "device.key"},
      {"broker", std::move(broker)}, {"spool", toml::table{{"dir", "spool"}}},
  };
  std::ostringstream text;
  text << "# Made by `sitecast-hub device enrol`. Paths are relative to this file's folder.\n"
       << agent << "\n";
  SC_TRY(write_file_durably(options.folder / kPasswordName, as_bytes(password + "\n"), 0600));
  return write_file_durably(options.folder / kConfigName, as_bytes(text.str()));
}

}  // namespace sitecast::hub
