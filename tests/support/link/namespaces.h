// SPDX-License-Identifier: Apache-2.0
// Two network namespaces without names, each with loopback and one TUN device whose packets are
// ours to carry. They last as long as this process or one that entered them: nothing needs to be
// cleaned up. Needs root and /dev/net/tun. IPv4 only. Owner thread: the one that made them.
#pragma once

#include <string>

#include "proto/base/descriptor.h"
#include "proto/base/result.h"

namespace sitecast::link {

inline constexpr const char* kDeviceAddress = "10.77.0.1";
inline constexpr const char* kHubAddress = "10.77.0.2";

class NamespaceEnd {
 public:
  // kPermissionDenied or kUnavailable says what is missing.
  static Result<NamespaceEnd> make(const std::string& address);

  [[nodiscard]] int tun() const { return tun_.get(); }  // non-blocking
  // For nsenter --net=: /proc/PID/fd/N of this process.
  [[nodiscard]] std::string path() const;
  // The device got another address, in the same /24; connections of the old one are not told.
  Status set_address(const std::string& address);

 private:
  NamespaceEnd() = default;
  Descriptor space_, tun_, control_;
};

}  // namespace sitecast::link
