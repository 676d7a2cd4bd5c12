// SPDX-License-Identifier: Apache-2.0
#include "hub/down/addressees.h"

#include <algorithm>

namespace sitecast::hub {
namespace {

// Of one that is named, if it is enrolled there; of all when none is.
std::vector<DeviceId> named_or_all(const Enrolled& enrolled, ProjectId project,
                                   std::optional<DeviceId> named) {
  if (!named) return devices_of(enrolled, project);
  const Device* device = enrolled.find(project, *named);
  if (device == nullptr || device->gateway) return {};
  return {*named};
}

std::vector<DeviceId> of_capture(const Enrolled& enrolled, IndexReader& reader, ProjectId project,
                                 CaptureId id) {
  const auto capture = reader.capture(id);
  if (!capture.ok() || capture->project != project) return {};
  return named_or_all(enrolled, project, capture->device);
}

}  // namespace

std::vector<DeviceId> devices_of(const Enrolled& enrolled, ProjectId project) {
  std::vector<DeviceId> found;
  for (const auto& [id, device] : enrolled.devices) {
    if (!device.gateway && device.projects.count(project) > 0) found.push_back(id);
  }
  return found;
}

bool goes_down(std::string_view kind) {
  return kind == "pin" || kind == "message" || kind == "request" || kind.starts_with("request.");
}

std::vector<DeviceId> addressees(const Enrolled& enrolled, IndexReader& reader, ProjectId project,
                                 DeviceId from, const v1::Event& event) {
  std::vector<DeviceId> found;
  const auto capture = CaptureId::from_bytes(event.capture_id());
  if ((event.has_pin() || event.has_message()) && capture) {
    found = of_capture(enrolled, reader, project, *capture);
  } else if (event.has_message()) {
    found = devices_of(enrolled, project);
  } else if (event.has_request()) {
    found = named_or_all(enrolled, project, DeviceId::from_bytes(event.request().device_id()));
  } else if (event.has_request_step()) {
    const auto id = EventId::from_bytes(event.request_step().request_id());
    const auto request = id ? reader.request(project, *id) : Result<RequestInfo>(not_found(""));
    if (request.ok()) found = named_or_all(enrolled, project, request->device);
  }
  std::erase(found, from);
  return found;
}

bool asks(const RequestInfo& request, DeviceId device) {
  return !request.device || *request.device == device;
}

}  // namespace sitecast::hub
