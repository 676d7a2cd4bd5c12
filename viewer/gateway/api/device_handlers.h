// SPDX-License-Identifier: Apache-2.0
// What the devices of a project hold that is not at the hub: how much and waiting for what for all
// who may read the project; device by device for those who may inspect it. Thread: the read pool's.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

Response show_devices(const ReadContext& context);

}  // namespace sitecast::gateway
