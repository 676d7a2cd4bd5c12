// SPDX-License-Identifier: Apache-2.0
// Where each capture is on its way from this device to the hub, and why it waits: the one answer to
// that question, for `status` on this device and for the status message that others read.
// Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/publish/delivery.h"
#include "agent/spool/spool.h"

namespace sitecast::agent {

enum class Where {
  kRecording,
  kOnDevice,  // waits
  kSending,
  kAtHub,
};
std::string_view name_of(Where where);  // a word of proto/codec/control.h, `held`

struct TrackHolding {
  Where where = Where::kAtHub;
  WaitCause cause = WaitCause::kNone;  // kNone: nothing waits
  std::string detail;
  std::uint64_t parts_at_hub = 0, parts_given_up = 0;
  std::uint64_t at_hub_bytes = 0;  // as the same share of bytes as of parts; so are the times
  std::int64_t duration_ms = 0, on_device_ms = 0, at_hub_ms = 0;
};

struct CaptureHolding {
  Where where = Where::kAtHub;  // where its slowest track is
  WaitCause cause = WaitCause::kNone;
  std::string detail;
  std::uint64_t size_bytes = 0, at_hub_bytes = 0;
  std::int64_t duration_ms = 0, on_device_ms = 0, at_hub_ms = 0;
  // Footage that is on this device alone: what the hub has in a lower quality does not count.
  std::int64_t waiting_ms = 0;
  std::vector<TrackHolding> tracks;  // in the summary's order

  [[nodiscard]] std::uint64_t waiting_bytes() const { return size_bytes - at_hub_bytes; }
};

// What the delivery machine says of a track. An empty function: nobody delivers.
using TrackLookup = std::function<TrackDelivery(TrackHandle)>;

// `overall`: why things wait as a whole; it is the cause of a capture whose events alone wait.
CaptureHolding holding_of(const CaptureSummary& capture, const TrackLookup& delivery,
                          WaitCause overall);

}  // namespace sitecast::agent
