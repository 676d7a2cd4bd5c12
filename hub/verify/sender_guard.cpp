// SPDX-License-Identifier: Apache-2.0
#include "hub/verify/sender_guard.h"

namespace sitecast::hub {

std::optional<Admitted> admit(const Enrolled& enrolled, std::string_view topic) {
  auto parsed = parse_topic(topic);
  if (!parsed) return std::nullopt;
  const Device* device = enrolled.find(parsed->project, parsed->device);
  if (device == nullptr) return std::nullopt;
  const Sender sender{parsed->project, parsed->device, device->gateway};
  return Admitted{std::move(*parsed), sender};
}

}  // namespace sitecast::hub
