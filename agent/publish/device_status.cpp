// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/device_status.h"

#include <algorithm>

#include "agent/publish/delivered_rate.h"

namespace sitecast::agent {
namespace {

// With areas of usual length about 1 kB, every few seconds.
constexpr int kItemsTold = 12;

void add_item(v1::DeviceStatus& status, const CaptureSummary& capture,
              const CaptureHolding& holding) {
  v1::HeldItem& item = *status.add_items();
  item.set_capture_id(capture.row.id.raw());
  item.set_kind(capture.row.kind);
  item.set_area(capture.row.area);
  item.set_captured_at_us(capture.row.captured_at_us);
  item.set_state(std::string(name_of(holding.where)));
  item.set_cause(std::string(name_of(holding.cause)));
  item.set_waiting_ms(static_cast<std::uint64_t>(holding.waiting_ms));
  item.set_waiting_bytes(holding.waiting_bytes());
  item.set_size_bytes(holding.size_bytes);
}

void add_live(v1::DeviceStatus& status, const CaptureSummary& capture) {
  v1::LiveCapture& live = *status.add_live();
  live.set_capture_id(capture.row.id.raw());
  for (const TrackSummary& track : capture.tracks) live.add_tracks(track.name);
}

void add_capture(v1::DeviceStatus& status, const CaptureSummary& capture,
                 const CaptureHolding& holding) {
  for (std::size_t i = 0; i < capture.tracks.size(); ++i) {
    const std::uint64_t made = capture.tracks[i].figures.made;
    status.set_waiting_parts(status.waiting_parts() + made -
                             std::min(made, holding.tracks[i].parts_at_hub));
  }
  status.set_waiting_bytes(status.waiting_bytes() + holding.waiting_bytes());
  status.set_waiting_ms(status.waiting_ms() + static_cast<std::uint64_t>(holding.waiting_ms));
  status.set_waiting_captures(status.waiting_captures() + 1);
  status.set_waiting_events(status.waiting_events() + capture.waiting_events);
  if (status.items_size() < kItemsTold) add_item(status, capture, holding);
}

}  // namespace

std::map<ProjectId, v1::DeviceStatus> make_statuses(const StatusFacts& facts,
                                                    const TrackLookup& delivery) {
  std::map<ProjectId, v1::DeviceStatus> statuses;
  for (const ProjectId project : facts.told) statuses[project];
  std::uint64_t waiting_bytes = 0, events_of_captures = 0;
  for (const bool recording : {true, false}) {
    for (const CaptureSummary& capture : facts.captures) {
      if (capture.state == CaptureState::kDelivered) continue;
      if ((capture.state == CaptureState::kRecording) != recording) continue;
      v1::DeviceStatus& status = statuses[capture.row.project];
      const CaptureHolding holding = holding_of(capture, delivery, facts.cause);
      if (facts.online && recording) add_live(status, capture);
      add_capture(status, capture, holding);
      waiting_bytes += holding.waiting_bytes();
      events_of_captures += capture.waiting_events;
    }
  }
  v1::DeviceStatus& own = statuses[facts.own];
  own.set_waiting_events(own.waiting_events() + facts.waiting_events -
                         std::min(facts.waiting_events, events_of_captures));

  const std::int64_t left_ms = remaining_ms(waiting_bytes, facts.catching_up_kbps);
  for (auto& [project, status] : statuses) {
    status.set_online(facts.online);
    status.set_device_name(facts.name);
    if (status.waiting_captures() + status.waiting_events() > 0) {
      status.set_waiting_cause(std::string(name_of(facts.cause)));
      if (facts.cause != WaitCause::kNone) status.set_waiting_since_us(facts.since_us);
      if (left_ms > 0) status.set_remaining_ms(static_cast<std::uint64_t>(left_ms));
    }
    status.set_delivered_kbps(facts.delivered_kbps);
    status.set_trouble(facts.trouble.kind);
    status.set_stored_bytes(facts.stored_bytes);
    status.set_quota_bytes(facts.quota_bytes);
    status.set_metered(facts.metered);
    status.set_sent_today_bytes(facts.sent_today_bytes);
    status.set_daily_budget_bytes(facts.daily_budget_bytes);
  }
  return statuses;
}

std::string urgent_part_of(const v1::DeviceStatus& status) {
  v1::DeviceStatus urgent;
  urgent.set_online(status.online());
  *urgent.mutable_live() = status.live();
  urgent.set_waiting_captures(status.waiting_captures());
  urgent.set_trouble(status.trouble());
  return urgent.SerializeAsString();
}

}  // namespace sitecast::agent
