// SPDX-License-Identifier: Apache-2.0
// mosquitto's configuration. Paths in it are relative, because the broker is started inside the
// folder of its files: it gives up root before it reads them and may be unable to enter the folders
// above. Thread-safe: pure function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "proto/base/result.h"

namespace sitecast::hub {

struct ListenerOptions {
  std::uint16_t port = 0;  // plain, loopback only
  // A second listener with TLS on every address, if not 0. Its certificate and key lie in the
  // folder under the names below.
  std::uint16_t tls_port = 0;
};

inline constexpr const char* kTlsCertificateName = "server.crt";
inline constexpr const char* kTlsKeyName = "server.key";

// kNotFound when the dynamic-security plugin is not installed.
Result<std::string> mosquitto_conf(const ListenerOptions& listeners);

}  // namespace sitecast::hub
