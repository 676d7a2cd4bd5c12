// SPDX-License-Identifier: Apache-2.0
// A box on the way that looks into TCP: it takes connections away (reset), or leads them all to one
// port of the hub's side, where somebody waits who is not the broker (captive portal). Pure.
// Thread-safety: one owner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "tests/support/link/tcp_segment.h"

namespace sitecast::link {

enum class Side { kDevice, kHub };

class Meddler {
 public:
  // While set, every segment of either side is answered with a reset and goes no further.
  void set_resets(bool on) { resets_ = on; }
  // Connections of the device, to whatever port, come out at `port`; 0: no longer. What was
  // connected before then meets a stranger, as behind a real portal.
  void set_portal(std::uint16_t port) { portal_ = port; }

  // What goes back to `from` in place of the packet; nullopt: the packet (perhaps changed) goes on.
  std::optional<Packet> meet(Side from, Packet& packet);

  [[nodiscard]] std::uint64_t resets_sent() const { return resets_sent_; }
  [[nodiscard]] std::uint64_t led_astray() const { return led_astray_; }  // connections

 private:
  bool resets_ = false;
  std::uint16_t portal_ = 0;
  // Address and port of the device's end -> the port that it wanted.
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint16_t> wanted_;
  std::uint64_t resets_sent_ = 0, led_astray_ = 0;
};

}  // namespace sitecast::link
