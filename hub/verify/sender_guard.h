// SPDX-License-Identifier: Apache-2.0
// From a topic to who speaks: the broker lets a device publish only under its own id, so the topic
// names the sender; whether it is enrolled and takes part in the project is checked here again,
// because a revoked device's last messages may still be on their way. Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "hub/archive/archive.h"
#include "hub/enrol/devices.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {

struct Admitted {
  Topic topic;
  Sender sender;
};

// nullopt: not one of our topics, or the sender may not speak in that project. Then there is nobody
// to answer to.
std::optional<Admitted> admit(const Enrolled& enrolled, std::string_view topic);

}  // namespace sitecast::hub
