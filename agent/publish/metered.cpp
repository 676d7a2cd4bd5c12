// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/metered.h"

#include <array>
#include <string_view>

#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

// Modems' names on Linux and Android; ppp is a modem that is dialled.
constexpr std::array<std::string_view, 4> kNames = {"wwan", "rmnet", "ccmni", "ppp"};
constexpr std::uint64_t kDescriptionBytes = 4096;

}  // namespace

bool is_mobile_interface(const std::string& interface, const std::filesystem::path& classes) {
  if (interface.empty() || interface.find('/') != std::string::npos) return false;
  for (const std::string_view name : kNames) {
    if (interface.rfind(name, 0) == 0) return true;
  }
  // Others are told by the kernel (a USB modem may be called usb0 or wwp0s20).
  const auto description = read_file(classes / interface / "uevent", kDescriptionBytes);
  return description.ok() && as_text(*description).find("DEVTYPE=wwan\n") != std::string_view::npos;
}

}  // namespace sitecast::agent
