// SPDX-License-Identifier: Apache-2.0
#include "agent/status_report.h"

#include <algorithm>

namespace sitecast::agent {
namespace {

// Cause when nobody delivers: the agent does not run.
constexpr const char* kNotRunning = "agent_not_running";

std::int64_t share_ms(const TrackFigures& figures, std::uint64_t parts) {
  if (figures.made == 0) return 0;
  const double share = static_cast<double>(parts) / static_cast<double>(figures.made);
  return static_cast<std::int64_t>(static_cast<double>(figures.duration_us) * share / 1000);
}
std::uint64_t share_bytes(const TrackFigures& figures, std::uint64_t parts) {
  if (figures.made == 0) return 0;
  const double share = static_cast<double>(parts) / static_cast<double>(figures.made);
  return static_cast<std::uint64_t>(static_cast<double>(figures.made_bytes) * share);
}

// Where a track is: recording, on_device (waits), sending, at_hub.
nlohmann::json track_report(const TrackSummary& track, CaptureState state, const Courier* courier) {
  const TrackFigures& figures = track.figures;
  TrackDelivery delivery;
  if (courier != nullptr && state != CaptureState::kDelivered) {
    delivery = courier->track_state(track.handle);
  }
  if (!delivery.known) {
    delivery.at_hub = figures.delivered;
    delivery.waiting = figures.made - figures.delivered;
  }
  std::string cause(name_of(delivery.cause));
  if (courier == nullptr && delivery.waiting > 0) cause = kNotRunning;
  std::string where = "at_hub";
  if (state == CaptureState::kRecording)
    where = "recording";
  else if (delivery.waiting > 0) {
    where = delivery.cause == WaitCause::kSending && courier != nullptr ? "sending" : "on_device";
  }
  return {{"track", track.name},
          {"state", where},
          {"parts", figures.made},
          {"parts_synced", figures.synced},
          {"parts_at_hub", delivery.at_hub},
          {"parts_given_up", delivery.given_up},
          {"size_bytes", figures.made_bytes},
          {"at_hub_bytes", share_bytes(figures, delivery.at_hub)},
          {"duration_ms", figures.duration_us / 1000},
          {"on_device_ms", share_ms(figures, figures.synced)},
          {"at_hub_ms", share_ms(figures, delivery.at_hub)},
          {"cause", delivery.waiting > 0 || delivery.given_up > 0 ? cause : ""},
          {"detail", track.failure.empty() ? delivery.detail : track.failure}};
}

// How long what waits will take at the rate of now; -1: not known, because nothing moves.
std::int64_t remaining_ms(std::uint64_t waiting_bytes, const Courier* courier) {
  if (waiting_bytes == 0) return 0;
  constexpr std::uint32_t kMovesKbps = 8;
  const std::uint32_t kbps = courier == nullptr ? 0 : courier->delivered_kbps();
  return kbps < kMovesKbps ? -1 : static_cast<std::int64_t>(waiting_bytes * 8 / kbps);
}

// The capture is where its slowest track is.
std::string state_of(const CaptureSummary& capture, const nlohmann::json& tracks) {
  if (capture.state == CaptureState::kRecording) return "recording";
  if (capture.state == CaptureState::kDelivered) return "at_hub";
  bool sending = capture.waiting_events > capture.refused_events;
  for (const auto& track : tracks) {
    if (track["state"] == "on_device") return "on_device";
    sending = sending || track["state"] == "sending";
  }
  if (sending) return "sending";
  return capture.waiting_events > 0 ? "on_device" : "at_hub";
}

struct Cause {
  std::string word;
  std::string detail;
};

// Why what waits does. What waits is told by the spool: the delivery side hears of it later.
Cause cause_of(bool waits, std::uint64_t waiting_bytes, const OutboxSummary& outbox,
               const Courier* courier, const DeliveryState& state) {
  if (!waits) return {};
  if (waiting_bytes == 0 && outbox.refused > 0 && outbox.refused == outbox.waiting) {
    return {std::string(name_of(WaitCause::kRefused)), outbox.refused_why};
  }
  if (courier == nullptr) return {kNotRunning, ""};
  if (state.cause == WaitCause::kNone) return {std::string(name_of(WaitCause::kSending)), ""};
  return {std::string(name_of(state.cause)), state.detail};
}

}  // namespace

nlohmann::json make_capture_report(const CaptureSummary& capture, const Courier* courier) {
  nlohmann::json tracks = nlohmann::json::array();
  std::int64_t duration_ms = 0, on_device_ms = 0;
  std::int64_t at_hub_ms = INT64_MAX;
  std::uint64_t size_bytes = 0, at_hub_bytes = 0;
  std::string cause, detail;
  for (const TrackSummary& track : capture.tracks) {
    nlohmann::json report = track_report(track, capture.state, courier);
    duration_ms = std::max<std::int64_t>(duration_ms, report["duration_ms"]);
    on_device_ms = std::max<std::int64_t>(on_device_ms, report["on_device_ms"]);
    if (report["parts"] > 0) at_hub_ms = std::min<std::int64_t>(at_hub_ms, report["at_hub_ms"]);
    size_bytes += report["size_bytes"].get<std::uint64_t>();
    at_hub_bytes += report["at_hub_bytes"].get<std::uint64_t>();
    if (cause.empty()) cause = report["cause"].get<std::string>();
    if (detail.empty()) detail = report["detail"].get<std::string>();
    tracks.push_back(std::move(report));
  }
  if (!capture.refused_event.empty()) {
    cause = "refused";
    detail = capture.refused_event;
  }
  const std::string state = state_of(capture, tracks);
  if (cause.empty() && capture.waiting_events > 0 && state != "recording") {
    cause = courier == nullptr ? std::string(kNotRunning)
                               : std::string(name_of(courier->state().cause));
  }
  return {{"capture_id", capture.row.id.text()},
          {"project_id", capture.row.project.text()},
          {"kind", capture.row.kind},
          {"title", capture.row.title},
          {"area", capture.row.area},
          {"captured_at_us", capture.row.captured_at_us},
          {"state", state},
          {"closed_reason", capture.row.reason},
          {"cause", cause},
          {"detail", detail},
          {"duration_ms", duration_ms},
          {"on_device_ms", on_device_ms},
          {"at_hub_ms", at_hub_ms == INT64_MAX ? 0 : at_hub_ms},
          {"size_bytes", size_bytes},
          {"at_hub_bytes", at_hub_bytes},
          {"waiting_events", capture.waiting_events},
          {"tracks", std::move(tracks)}};
}

bool stays_here(const CaptureSummary& capture, const Courier& courier) {
  if (capture.waiting_events > capture.refused_events) return false;
  bool refused = capture.refused_events > 0;
  for (const TrackSummary& track : capture.tracks) {
    const TrackDelivery delivery = courier.track_state(track.handle);
    if (!delivery.known && track.figures.delivered == track.figures.made) continue;
    // The delivery side may not know of the newest parts yet.
    if (delivery.at_hub + delivery.waiting != track.figures.made) return false;
    if (delivery.waiting == 0) continue;
    if (!delivery.stuck) return false;
    refused = true;
  }
  return refused;
}

nlohmann::json make_status_report(const AgentConfig& config, const Spool& spool,
                                  const Courier* courier) {
  nlohmann::json captures = nlohmann::json::array();
  std::uint64_t waiting_captures = 0, waiting_bytes = 0;
  for (const CaptureSummary& capture : spool.captures()) {
    nlohmann::json report = make_capture_report(capture, courier);
    if (capture.state != CaptureState::kDelivered) {
      waiting_captures += 1;
      waiting_bytes +=
          report["size_bytes"].get<std::uint64_t>() - report["at_hub_bytes"].get<std::uint64_t>();
    }
    captures.push_back(std::move(report));
  }
  const OutboxSummary outbox = spool.outbox();
  const DeliveryState state = courier == nullptr ? DeliveryState() : courier->state();
  const auto [cause, detail] =
      cause_of(waiting_captures + outbox.waiting > 0, waiting_bytes, outbox, courier, state);
  const SpoolTrouble trouble = spool.trouble();
  nlohmann::json link = {{"connected", state.connected},
                         {"hub_present", state.hub_present},
                         {"connections", state.connections},
                         {"round_trip_us", state.round_trip_us},
                         {"sent_live", state.sent_live},
                         {"sent_fill", state.sent_fill},
                         {"skipped_live", state.skipped_live},
                         {"sent_again_parts", state.sent_again_parts},
                         {"sent_again_bytes", state.sent_again_bytes},
                         {"cuts", state.cuts},
                         {"cut_in_flight_bytes", state.cut_in_flight_bytes},
                         {"cut_in_flight_most_bytes", state.cut_in_flight_most_bytes}};
  if (courier != nullptr) {
    const LinkFigures figures = courier->link();
    link["congestion_control"] = figures.congestion_control;
    link["delivery_rate_bytes_per_s"] = figures.delivery_rate_bytes_per_s;
    link["delivered_kbps"] = courier->delivered_kbps();
    const auto rung = courier->rung();
    link["live_quality"] = rung ? std::string(rung->name) : "full";
  }
  return {{"device_id", config.device_id.text()},
          {"name", config.name},
          {"running", courier != nullptr},
          {"link", std::move(link)},
          {"cause", cause},
          {"detail", detail},
          {"waiting_captures", waiting_captures},
          {"waiting_bytes", waiting_bytes},
          {"waiting_events", outbox.waiting},
          {"refused_events", outbox.refused},
          {"remaining_ms", remaining_ms(waiting_bytes, courier)},
          {"spool",
           {{"stored_bytes", spool.stored_bytes()},
            {"quota_bytes", config.spool.quota_bytes},
            {"trouble", trouble.kind},
            {"trouble_detail", trouble.detail}}},
          {"captures", std::move(captures)}};
}

}  // namespace sitecast::agent
