// SPDX-License-Identifier: Apache-2.0
// Whether a signed head is the device's word for what the archive holds. Thread-safe.
#pragma once

#include "hub/enrol/devices.h"
#include "hub/index/work.h"
#include "proto/codec/running_hash.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// `running` is over everything up to and including head.sequence. A device without a key (the
// gateway) signs nothing; one that is no longer enrolled cannot be checked. Both pass: `verify`
// says later what is proven and what is not.
bool head_is_genuine(const Enrolled& enrolled, const TrackKey& key, DeviceId device,
                     const v1::SignedHead& head, const RunningHash& running);

}  // namespace sitecast::hub
