// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/broker_files.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hub/enrol/dynsec.h"
#include "proto/base/file.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

// A whole receipt window of one device, times the devices that a broker of this size carries.
constexpr std::uint64_t kQueuedBytesPerClient = 64ULL << 20;

Result<std::filesystem::path> find_plugin() {
  for (const auto* triplet : {"x86_64-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf"}) {
    const auto path = std::filesystem::path("/usr/lib") / triplet / "mosquitto_dynamic_security.so";
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return not_found("mosquitto's dynamic-security plugin is not installed; run scripts/setup");
}

std::string listener(std::string_view address_and_port) {
  return fmt::format(
      "\nlistener {}\n"
      "use_username_as_clientid true\n",
      address_and_port);
}

std::string configuration(const BrokerFilesOptions& options, const std::filesystem::path& plugin) {
  std::string conf = fmt::format(
      "# Written by `sitecast-hub broker-files`; changes here are lost at the next start.\n"
      "per_listener_settings false\n"
      "allow_anonymous false\n"
      "plugin {}\n"
      "plugin_opt_config_file dynamic-security.json\n"
      "# The spool is the only queue: nothing is kept for who is away, and PUBACK frees nothing.\n"
      "persistence false\n"
      "# Paho stalls for whole seconds when its window fills; the real window is ours, in bytes.\n"
      "max_inflight_messages 65535\n"
      "max_queued_messages 0\n"
      "max_queued_bytes {}\n"
      "max_packet_size {}\n"
      "check_retain_source true\n"
      "set_tcp_nodelay true\n"
      "log_dest stderr\n"
      "log_type error\nlog_type warning\nlog_type notice\n",
      plugin.string(), kQueuedBytesPerClient, limits::kMqttPacketBytes);
  conf += listener(fmt::format("{} 127.0.0.1", options.port));
  if (options.tls_port != 0) {
    conf += listener(fmt::format("{}", options.tls_port));
    conf += fmt::format("certfile {}\nkeyfile {}\ntls_version tlsv1.2\n",
                        options.tls_certificate.string(), options.tls_key.string());
  }
  return conf;
}

}  // namespace

Status write_broker_files(Enrolment& enrolment, const BrokerFilesOptions& options) {
  if (options.port == 0) return invalid_argument("broker-files needs a port");
  const bool tls = options.tls_port != 0;
  if (tls == options.tls_certificate.empty() || tls == options.tls_key.empty()) {
    return invalid_argument("TLS needs a port, a certificate and a key, all three");
  }
  SC_TRY_ASSIGN(const auto plugin, find_plugin());
  SC_TRY(make_folders_durably(options.out));
  SC_TRY_ASSIGN(const auto services, enrolment.service_accounts());
  SC_TRY_ASSIGN(const auto devices, enrolment.devices());
  SC_TRY(write_file_durably(options.out / "dynamic-security.json",
                            as_bytes(dynsec_file(services, devices)), 0600));
  for (const auto& service : services) {
    SC_TRY(write_file_durably(options.out / (service.username + ".password"),
                              as_bytes(service.password + "\n"), 0600));
  }
  return write_file_durably(options.out / "mosquitto.conf",
                            as_bytes(configuration(options, plugin)));
}

Status write_device_files(const EnrolledDevice& device, const DeviceFilesOptions& options) {
  const auto config_path = options.out / "agent.toml";
  const auto password_path = options.out / "broker.password";
  for (const auto& path : {config_path, password_path}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return failed_precondition(path.string() + " is there already; name another folder");
    }
  }
  SC_TRY(make_folders_durably(options.out));
  // A JSON string without control characters above U+001F is a TOML basic string (TOML 1.0).
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(); };
  std::string config = fmt::format(
      "device_id = {}\nproject_id = {}\nname = {}\nkey_file = \"device.key\"\n\n"
      "[broker]\nurl = {}\nusername = {}\npassword_file = \"broker.password\"\n",
      quoted(device.record.id.text()), quoted(device.record.projects.front().text()),
      quoted(device.record.name), quoted(options.broker_url), quoted(device.record.id.text()));
  if (!options.ca_file.empty()) {
    config += fmt::format("ca_file = {}\n", quoted(options.ca_file.string()));
  }
  config += "\n[spool]\ndir = \"spool\"\n";
  SC_TRY(write_file_durably(password_path, as_bytes(device.password + "\n"), 0600));
  return write_file_durably(config_path, as_bytes(config), 0600);
}

}  // namespace sitecast::hub
