// SPDX-License-Identifier: Apache-2.0
// Receipts on their way out: gathered per device, so that a group of a hundred parts is one
// message, and no device gets more than one per interval. A later receipt of a track replaces an
// earlier one: they are cumulative. Owner thread: the commit thread. Pure: no I/O, no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// Where a device listens for what it published in a project.
struct Recipient {
  ProjectId project;
  DeviceId device;
  auto operator<=>(const Recipient&) const = default;
};

struct OutgoingReceipt {
  std::string topic;
  std::string payload;  // v1::Receipt
};

class ReceiptBook {
 public:
  // Each device's receipts are at least `interval_us` apart, with many devices kDeviceUs for each.
  explicit ReceiptBook(std::int64_t interval_us) : interval_us_(interval_us) {}

  void add_track(const Recipient& to, v1::TrackReceipt receipt);
  void add_event(const Recipient& to, std::string event_id);
  // A refusal that a device cannot act on part by part (full, overloaded, I/O) is kept once per
  // track.
  void add_refusal(const Recipient& to, v1::Refusal refusal);

  // The device asked and waits: what is there for it may be sent now, and says so.
  void answer(const Recipient& to, std::uint64_t question);

  // What may be sent now. `everything`: regardless of the interval.
  std::vector<OutgoingReceipt> take_due(std::int64_t now_us, bool everything = false);
  // When take_due() will have something; INT64_MAX: never as things are.
  [[nodiscard]] std::int64_t next_due_us() const;

 private:
  struct Waiting {
    std::map<std::pair<std::string, std::string>, v1::TrackReceipt> tracks;  // capture, track
    std::vector<std::string> events;
    std::vector<v1::Refusal> refusals;
    std::uint64_t answers = 0;
    [[nodiscard]] bool empty() const {
      return tracks.empty() && events.empty() && refusals.empty() && answers == 0;
    }
  };
  struct Device {
    Waiting waiting;
    std::int64_t sent_at_us = 0;
  };
  static constexpr std::int64_t kDeviceUs = 500;
  [[nodiscard]] std::int64_t interval_us() const {
    return std::max(interval_us_, static_cast<std::int64_t>(devices_.size()) * kDeviceUs);
  }
  static void write(const Recipient& to, Waiting waiting, std::vector<OutgoingReceipt>& out);

  std::int64_t interval_us_;
  std::map<Recipient, Device> devices_;
};

}  // namespace sitecast::hub
