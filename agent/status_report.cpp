// SPDX-License-Identifier: Apache-2.0
#include "agent/status_report.h"

#include "agent/publish/holding.h"

namespace sitecast::agent {
namespace {

TrackLookup lookup_of(const Courier* courier) {
  if (courier == nullptr) return nullptr;
  return [courier](TrackHandle track) { return courier->track_state(track); };
}

nlohmann::json track_report(const TrackSummary& track, const TrackHolding& holding) {
  return {{"track", track.name},
          {"state", name_of(holding.where)},
          {"parts", track.figures.made},
          {"parts_synced", track.figures.synced},
          {"parts_at_hub", holding.parts_at_hub},
          {"parts_given_up", holding.parts_given_up},
          {"size_bytes", track.figures.made_bytes},
          {"at_hub_bytes", holding.at_hub_bytes},
          {"duration_ms", holding.duration_ms},
          {"on_device_ms", holding.on_device_ms},
          {"at_hub_ms", holding.at_hub_ms},
          {"cause", name_of(holding.cause)},
          {"detail", holding.detail}};
}

// How long what waits will take; -1: not known, because nothing moves or filming adds as much.
std::int64_t time_left_ms(std::uint64_t waiting_bytes, const Courier* courier) {
  return remaining_ms(waiting_bytes, courier == nullptr ? 0 : courier->catching_up_kbps());
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
  if (courier == nullptr) return {std::string(name_of(WaitCause::kNotRunning)), ""};
  if (state.cause == WaitCause::kNone) return {std::string(name_of(WaitCause::kSending)), ""};
  return {std::string(name_of(state.cause)), state.detail};
}

nlohmann::json capture_report(const CaptureSummary& capture, const Courier* courier,
                              WaitCause overall) {
  const CaptureHolding holding = holding_of(capture, lookup_of(courier), overall);
  nlohmann::json tracks = nlohmann::json::array();
  std::uint64_t thinned_parts = 0;
  for (std::size_t i = 0; i < capture.tracks.size(); ++i) {
    tracks.push_back(track_report(capture.tracks[i], holding.tracks[i]));
    thinned_parts += capture.tracks[i].figures.thinned;
  }
  return {{"capture_id", capture.row.id.text()},
          {"project_id", capture.row.project.text()},
          {"kind", capture.row.kind},
          {"title", capture.row.title},
          {"area", capture.row.area},
          {"captured_at_us", capture.row.captured_at_us},
          {"state", name_of(holding.where)},
          {"verified", capture.state == CaptureState::kDelivered},
          {"closed_reason", capture.row.reason},
          {"cause", name_of(holding.cause)},
          {"detail", holding.detail},
          {"duration_ms", holding.duration_ms},
          {"on_device_ms", holding.on_device_ms},
          {"at_hub_ms", holding.at_hub_ms},
          {"only_here_ms", holding.waiting_ms},
          {"size_bytes", holding.size_bytes},
          {"at_hub_bytes", holding.at_hub_bytes},
          {"waiting_events", capture.waiting_events},
          {"thinned_parts", thinned_parts},
          {"tracks", std::move(tracks)}};
}

}  // namespace

nlohmann::json make_capture_report(const CaptureSummary& capture, const Courier* courier) {
  return capture_report(capture, courier,
                        courier == nullptr ? WaitCause::kNone : courier->state().cause);
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
  const DeliveryState state = courier == nullptr ? DeliveryState() : courier->state();
  nlohmann::json captures = nlohmann::json::array();
  std::uint64_t waiting_captures = 0, waiting_bytes = 0;
  std::int64_t only_here_ms = 0;
  for (const CaptureSummary& capture : spool.captures()) {
    nlohmann::json report = capture_report(capture, courier, state.cause);
    if (capture.state != CaptureState::kDelivered) {
      waiting_captures += 1;
      only_here_ms += report["only_here_ms"].get<std::int64_t>();
      waiting_bytes +=
          report["size_bytes"].get<std::uint64_t>() - report["at_hub_bytes"].get<std::uint64_t>();
      // Those before it go first.
      report["remaining_ms"] = time_left_ms(waiting_bytes, courier);
    }
    captures.push_back(std::move(report));
  }
  const OutboxSummary outbox = spool.outbox();
  const auto [cause, detail] =
      cause_of(waiting_captures + outbox.waiting > 0, waiting_bytes, outbox, courier, state);
  const SpoolTrouble trouble = spool.trouble();
  const DataUse data = courier == nullptr ? DataUse() : courier->data_use();
  const SpoolRoom room = spool.room();
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
          {"cause_since_us", cause.empty() || courier == nullptr ? 0 : courier->cause_since_us()},
          {"only_here_ms", only_here_ms},
          {"waiting_captures", waiting_captures},
          {"waiting_bytes", waiting_bytes},
          {"waiting_events", outbox.waiting},
          {"refused_events", outbox.refused},
          {"remaining_ms", time_left_ms(waiting_bytes, courier)},
          {"data",
           {{"metered", data.metered},
            {"sent_today_bytes", data.sent_bytes},
            {"daily_budget_bytes", data.budget_bytes}}},
          {"spool",
           {{"stored_bytes", spool.stored_bytes()},
            {"quota_bytes", config.spool.quota_bytes},
            {"room_bytes", room.free_bytes},
            {"room_ms", room.left_ms},
            {"trouble", trouble.kind},
            {"trouble_detail", trouble.detail}}},
          {"captures", std::move(captures)}};
}

}  // namespace sitecast::agent
