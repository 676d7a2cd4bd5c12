// SPDX-License-Identifier: Apache-2.0
// Limits of the bodies of events. Internal to proto/codec. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast {

// The body that is there, if any, within its limits. kInvalidArgument naming the field.
Status check_body(const v1::Event& event);
// On a capture's clock, exact in a JavaScript number.
Status check_media_time_us(std::int64_t us, std::string_view field);

}  // namespace sitecast
