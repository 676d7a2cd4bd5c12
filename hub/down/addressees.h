// SPDX-License-Identifier: Apache-2.0
// To which devices of a project an event goes down. Blocking (one or two page reads where the event
// speaks of a capture or a request). Owner thread: the reader's.
#pragma once

#include <vector>

#include "hub/enrol/devices.h"
#include "hub/index/reader.h"
#include "proto/base/id.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// Devices that film in the project.
std::vector<DeviceId> devices_of(const Enrolled& enrolled, ProjectId project);

// pin, message, request and its steps; nothing else goes down.
bool goes_down(std::string_view kind);

// Never to `from`, who stated it. Empty: to nobody, or what it speaks of is not known.
std::vector<DeviceId> addressees(const Enrolled& enrolled, IndexReader& reader, ProjectId project,
                                 DeviceId from, const v1::Event& event);

// Whether `device` is one whom the request asks.
bool asks(const RequestInfo& request, DeviceId device);

}  // namespace sitecast::hub
