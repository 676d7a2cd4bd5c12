// SPDX-License-Identifier: Apache-2.0
// Whether a network costs by the byte, as far as that is cheap and certain to say: a mobile modem's
// interface does. Whatever else it may be (a phone's hotspot looks like any Wi-Fi) is not called
// so; the configuration can. Thread-safe.
#pragma once

#include <filesystem>
#include <string>

namespace sitecast::agent {

// `classes`: where the kernel describes interfaces.
bool is_mobile_interface(const std::string& interface,
                         const std::filesystem::path& classes = "/sys/class/net");

}  // namespace sitecast::agent
