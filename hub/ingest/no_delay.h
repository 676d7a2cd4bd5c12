// SPDX-License-Identifier: Apache-2.0
// Paho sets no socket option and shows no descriptor. Receipts are small and must not wait in
// Nagle's buffer for the peer's delayed acknowledgement (40 ms), so we find the sockets ourselves.
// Thread-safe.
#pragma once

#include <string>

namespace sitecast::hub {

// Sets TCP_NODELAY on every TCP socket of this process that is connected to `port`.
void set_no_delay_on_port(const std::string& port);

}  // namespace sitecast::hub
