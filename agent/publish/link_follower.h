// SPDX-License-Identifier: Apache-2.0
// Keeps up with the link: TCP's figures go in about four times a second; the delivery machine hears
// how the link is, a connection that holds more than the link can carry now is left, and the ladder
// says what live may cost. No I/O, no clock of its own. Owner thread: delivery thread. Times are
// monotonic microseconds. Ownership: the machine must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/publish/delivered_rate.h"
#include "agent/publish/delivery.h"
#include "agent/publish/link_socket.h"
#include "agent/publish/rate_ladder.h"
#include "agent/publish/stuck_watch.h"

namespace sitecast::agent {

inline TcpState tcp_state_of(const LinkFigures& figures) {
  return {figures.acknowledged_bytes, figures.outstanding_bytes - figures.unsent_bytes,
          figures.round_trip_us, figures.unsent_bytes};
}

class LinkFollower {
 public:
  explicit LinkFollower(Delivery& machine) : machine_(machine) {}

  // Another connection: perhaps another path. True: rung() is another one now.
  bool restart();
  // Of the present connection, which the machine may give up here. True: rung() is another one now.
  bool observe(const LinkFigures& figures, std::int64_t now_us);
  // From now on the live rendition follows the link; the first call's rungs hold.
  void adapt(std::vector<Rung> rungs);

  [[nodiscard]] const Rung* rung() const { return ladder_ ? &ladder_->rung() : nullptr; }
  [[nodiscard]] std::uint32_t delivered_kbps() const { return delivered_.kbps(); }

 private:
  bool follow(const LinkFigures& figures, std::int64_t now_us);

  Delivery& machine_;
  DeliveredRate delivered_;
  StuckWatch stuck_;
  std::optional<RateLadder> ladder_;
};

}  // namespace sitecast::agent
