// SPDX-License-Identifier: Apache-2.0
#include "hub/check/event_json.h"

#include <nlohmann/json.hpp>

#include "proto/codec/event_rules.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

json body_of(const v1::Event& event) {
  switch (event.body_case()) {
    case v1::Event::kCaptureOpened:
      return {{"capture_kind", event.capture_opened().capture_kind()},
              {"captured_at_us", event.capture_opened().captured_at_us()},
              {"title", event.capture_opened().title()},
              {"demonstration", event.capture_opened().demonstration()}};
    case v1::Event::kCaptureClosed: {
      json tracks = json::array();
      for (const v1::TrackEnd& end : event.capture_closed().tracks()) {
        tracks.push_back({{"track", end.track()}, {"part_count", end.part_count()}});
      }
      return {{"reason", event.capture_closed().reason()},
              {"detail", event.capture_closed().detail()},
              {"tracks", std::move(tracks)}};
    }
    case v1::Event::kNote: return {{"text", event.note().text()}};
    case v1::Event::kProgress: {
      json progress = {{"stage", event.progress().stage()}, {"text", event.progress().text()}};
      if (event.progress().has_percentage()) progress["percentage"] = event.progress().percentage();
      return progress;
    }
    case v1::Event::kQuality:
      return {{"warning", event.quality().warning()},
              {"active", event.quality().active()},
              {"value", event.quality().value()}};
    case v1::Event::kGap:
      return {{"track", event.gap().track()},
              {"from_us", event.gap().from_us()},
              {"until_us", event.gap().until_us()},
              {"reason", event.gap().reason()}};
    case v1::Event::kPin:
      return {{"x", event.pin().x()}, {"y", event.pin().y()}, {"text", event.pin().text()}};
    case v1::Event::kMessage: return {{"text", event.message().text()}};
    case v1::Event::kRequest: {
      json request = {{"text", event.request().text()}, {"shots", event.request().shots()}};
      if (event.request().has_due_day()) request["due_day"] = event.request().due_day();
      return request;
    }
    case v1::Event::kRequestStep: {
      const auto of = EventId::from_bytes(event.request_step().request_id());
      return {{"request_id", of.value_or(EventId()).text()},
              {"shot", event.request_step().shot()},
              {"text", event.request_step().text()}};
    }
    default: return nullptr;
  }
}

}  // namespace

std::string events_as_json(const std::vector<EventInfo>& events) {
  json out = json::array();
  for (const EventInfo& info : events) {
    json line = {{"event_id", info.id.text()},
                 {"kind", info.kind},
                 {"device_id", info.device.text()},
                 {"stated_at_us", info.stated_at_us},
                 {"received_at_us", info.received_at_us},
                 {"event_bytes", base64_encode(info.event_bytes)}};
    if (info.media_time_us) line["media_time_us"] = *info.media_time_us;
    if (const auto event = parse_event(info.event_bytes); event.ok()) {
      if (!event->area().empty()) line["area"] = event->area();
      if (event->has_actor()) line["actor"] = event->actor().display_name();
      if (auto body = body_of(*event); !body.is_null()) line["body"] = std::move(body);
    }
    out.push_back(std::move(line));
  }
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::map<std::string, std::uint64_t> stated_part_counts(std::string_view events_json,
                                                        DeviceId device) {
  try {
    std::map<std::string, std::uint64_t> counts;
    std::int64_t latest_us = INT64_MIN;
    for (const json& event : json::parse(events_json)) {
      if (event.at("kind") != "capture.closed" || event.at("device_id") != device.text()) continue;
      const auto stated_at_us = event.at("stated_at_us").get<std::int64_t>();
      if (stated_at_us < latest_us) continue;
      latest_us = stated_at_us;
      counts.clear();
      for (const json& track : event.at("body").at("tracks")) {
        counts[track.at("track").get<std::string>()] = track.at("part_count").get<std::uint64_t>();
      }
    }
    return counts;
  } catch (const json::exception&) {
    return {};
  }
}

}  // namespace sitecast::hub
