// SPDX-License-Identifier: Apache-2.0
// When a photo was taken, as its metadata say. Thread-safe: pure function of them and of this
// device's time zone.
#pragma once

#include <cstdint>
#include <optional>

#include "sitecast.pb.h"

namespace sitecast::agent {

// The photo's moment: exif_time with exif_offset, or in this device's time zone when it states
// none. nullopt without a valid time.
std::optional<std::int64_t> exif_time_us(const v1::PhotoMetadata& photo);

}  // namespace sitecast::agent
