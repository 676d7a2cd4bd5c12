// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/meddler.h"

namespace sitecast::link {

std::optional<Packet> Meddler::meet(Side from, Packet& packet) {
  if (!resets_ && portal_ == 0) return std::nullopt;
  const auto segment = read_tcp(packet);
  if (!segment) return std::nullopt;
  if (resets_) {
    if (segment->rst) return std::nullopt;
    resets_sent_ += 1;
    return reset_for(*segment);
  }
  if (from == Side::kDevice && segment->destination_port != portal_) {
    std::uint16_t& wanted = wanted_[{segment->source, segment->source_port}];
    wanted = segment->destination_port;
    if (segment->syn) led_astray_ += 1;
    set_port(packet, *segment, Port::kDestination, portal_);
  } else if (from == Side::kHub && segment->source_port == portal_) {
    const auto wanted = wanted_.find({segment->destination, segment->destination_port});
    if (wanted != wanted_.end()) set_port(packet, *segment, Port::kSource, wanted->second);
  }
  return std::nullopt;
}

}  // namespace sitecast::link
