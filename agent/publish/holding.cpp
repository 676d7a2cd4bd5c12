// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/holding.h"

#include <algorithm>

#include "proto/codec/control.h"

namespace sitecast::agent {
namespace {

double share(const TrackFigures& figures, std::uint64_t parts) {
  return figures.made == 0 ? 0.0 : static_cast<double>(parts) / static_cast<double>(figures.made);
}
std::int64_t share_ms(const TrackFigures& figures, std::uint64_t parts) {
  return static_cast<std::int64_t>(static_cast<double>(figures.duration_us) *
                                   share(figures, parts) / 1000);
}

bool is_kind(const TrackSummary& track, std::string_view kind) {
  return track.name.rfind(kind, 0) == 0;
}

TrackHolding track_holding(const TrackSummary& track, CaptureState state,
                           const TrackLookup& lookup) {
  const TrackFigures& figures = track.figures;
  TrackDelivery delivery;
  if (lookup && state != CaptureState::kDelivered) delivery = lookup(track.handle);
  if (!delivery.known) {
    delivery.at_hub = figures.delivered;
    delivery.waiting = figures.made - figures.delivered;
  }
  TrackHolding holding;
  holding.parts_at_hub = delivery.at_hub;
  holding.parts_given_up = delivery.given_up;
  holding.at_hub_bytes = static_cast<std::uint64_t>(static_cast<double>(figures.made_bytes) *
                                                    share(figures, delivery.at_hub));
  holding.duration_ms = figures.duration_us / 1000;
  holding.on_device_ms = share_ms(figures, figures.synced);
  holding.at_hub_ms = share_ms(figures, delivery.at_hub);
  holding.detail = track.failure.empty() ? delivery.detail : track.failure;
  if (!lookup && delivery.waiting > 0) delivery.cause = WaitCause::kNotRunning;
  if (delivery.waiting > 0 || delivery.given_up > 0) holding.cause = delivery.cause;
  if (state == CaptureState::kRecording) {
    holding.where = Where::kRecording;
  } else if (delivery.waiting > 0) {
    holding.where =
        delivery.cause == WaitCause::kSending && lookup ? Where::kSending : Where::kOnDevice;
  }
  return holding;
}

Where where_of(const CaptureSummary& capture, const std::vector<TrackHolding>& tracks) {
  if (capture.state == CaptureState::kRecording) return Where::kRecording;
  if (capture.state == CaptureState::kDelivered) return Where::kAtHub;
  bool sending = capture.waiting_events > capture.refused_events;
  for (const TrackHolding& track : tracks) {
    if (track.where == Where::kOnDevice) return Where::kOnDevice;
    sending = sending || track.where == Where::kSending;
  }
  if (sending) return Where::kSending;
  return capture.waiting_events > 0 ? Where::kOnDevice : Where::kAtHub;
}

}  // namespace

std::string_view name_of(Where where) {
  switch (where) {
    case Where::kRecording: return held::kRecording;
    case Where::kOnDevice: return held::kOnDevice;
    case Where::kSending: return held::kSending;
    case Where::kAtHub: return held::kAtHub;
  }
  return "";
}

CaptureHolding holding_of(const CaptureSummary& capture, const TrackLookup& delivery,
                          WaitCause overall) {
  CaptureHolding holding;
  const bool pictures =
      std::any_of(capture.tracks.begin(), capture.tracks.end(),
                  [](const TrackSummary& track) { return is_kind(track, "video"); });
  bool any = false;
  for (const TrackSummary& track : capture.tracks) {
    TrackHolding of = track_holding(track, capture.state, delivery);
    holding.duration_ms = std::max(holding.duration_ms, of.duration_ms);
    holding.on_device_ms = std::max(holding.on_device_ms, of.on_device_ms);
    if (track.figures.made > 0) {
      holding.at_hub_ms = any ? std::min(holding.at_hub_ms, of.at_hub_ms) : of.at_hub_ms;
      any = true;
    }
    holding.size_bytes += track.figures.made_bytes;
    holding.at_hub_bytes += of.at_hub_bytes;
    if (!pictures || !is_kind(track, "master")) {
      holding.waiting_ms = std::max(holding.waiting_ms, of.duration_ms - of.at_hub_ms);
    }
    if (holding.cause == WaitCause::kNone) holding.cause = of.cause;
    if (holding.detail.empty()) holding.detail = of.detail;
    holding.tracks.push_back(std::move(of));
  }
  holding.where = where_of(capture, holding.tracks);
  if (!capture.refused_event.empty()) {
    holding.cause = WaitCause::kRefused;
    holding.detail = capture.refused_event;
  }
  if (holding.cause == WaitCause::kNone && capture.waiting_events > 0 &&
      holding.where != Where::kRecording) {
    holding.cause = delivery ? overall : WaitCause::kNotRunning;
  }
  return holding;
}

}  // namespace sitecast::agent
