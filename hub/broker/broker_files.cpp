// SPDX-License-Identifier: Apache-2.0
#include "hub/broker/broker_files.h"

#include <fmt/format.h>

#include <array>

#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr std::array<const char*, 4> kPluginFolders{
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"};

// After each `listener`: set before the first one it opens mosquitto's default listener, port 1883
// on every address. Without it a device could take over another's session by its client id.
constexpr const char* kListenerOptions = "use_username_as_clientid true\n";

Result<std::string> find_plugin() {
  for (const char* folder : kPluginFolders) {
    const auto path = std::filesystem::path(folder) / "mosquitto_dynamic_security.so";
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path.string();
  }
  return not_found("mosquitto's dynamic-security plugin is not installed; run scripts/setup");
}

}  // namespace

Result<std::string> mosquitto_conf(const ListenerOptions& listeners) {
  SC_TRY_ASSIGN(const std::string plugin, find_plugin());
  std::string conf = fmt::format(
      R"(# Written anew from the hub's enrolment records before each start; edits are lost.
per_listener_settings false
allow_anonymous false
plugin {}
plugin_opt_config_file dynamic-security.json

# The spool of the device is the only queue; a PUBACK promises nothing.
persistence false
# Paho's window is the smaller of its own and this one; the real window, in bytes, is the sender's.
max_inflight_messages 65535
max_queued_messages 10000
max_queued_bytes 67108864
max_packet_size {}
set_tcp_nodelay true
check_retain_source true
connection_messages false
log_dest stderr
log_type error
log_type warning
log_type notice

listener {} 127.0.0.1
{})",
      plugin, limits::kMqttPacketBytes, listeners.port, kListenerOptions);
  if (listeners.tls_port != 0) {
    conf += fmt::format(
        R"(
listener {}
{}certfile {}
keyfile {}
tls_version tlsv1.2
)",
        listeners.tls_port, kListenerOptions, kTlsCertificateName, kTlsKeyName);
  }
  return conf;
}

}  // namespace sitecast::hub
