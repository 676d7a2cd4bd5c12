// SPDX-License-Identifier: Apache-2.0
// The broker's files, written from the enrolment records before each start:
//
//   OUT/mosquitto.conf            listeners, limits, plugin; names its neighbours by relative
//   paths, so
//                                 mosquitto is started inside OUT
//   OUT/dynamic-security.json     rights of everybody (hub/enrol/dynsec.h)
//   OUT/<service>.password        for hub and gateway; 0600
//
// Thread-safe. Blocking. Plain listeners bind loopback only; others need TLS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hub/enrol/enrolment.h"

namespace sitecast::hub {

struct BrokerFilesOptions {
  std::filesystem::path out;   // made if absent
  std::uint16_t port = 0;      // plain, 127.0.0.1
  std::uint16_t tls_port = 0;  // 0: none; binds every address
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
};

// kInvalidArgument when TLS is asked for by halves, kNotFound when the plugin is not installed.
Status write_broker_files(Enrolment& enrolment, const BrokerFilesOptions& options);

// Configuration of one device: agent.toml beside broker.password (0600). Refuses to overwrite
// either.
struct DeviceFilesOptions {
  std::filesystem::path out;
  std::string broker_url;
  std::filesystem::path ca_file;  // empty for a plain broker
};
Status write_device_files(const EnrolledDevice& device, const DeviceFilesOptions& options);

}  // namespace sitecast::hub
