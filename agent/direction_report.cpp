// SPDX-License-Identifier: Apache-2.0
#include "agent/direction_report.h"

#include "proto/base/day.h"

namespace sitecast::agent {
namespace {

constexpr std::size_t kShortestEnding = 4;

EventId id_of(const Direction& direction) {
  return EventId::from_bytes(direction.event.event_id()).value_or(EventId());
}

// As people call who said it; empty: another device.
std::string person_of(const v1::Event& event) {
  const v1::Actor& actor = event.actor();
  return actor.display_name().empty() ? actor.user() : actor.display_name();
}

nlohmann::json report_of(const Direction& said) {
  const v1::Event& event = said.event;
  nlohmann::json json = {{"type", event.kind()},
                         {"event_id", id_of(said).text()},
                         {"project_id", said.project.text()},
                         {"from", person_of(event)},
                         {"stated_at_us", event.stated_at_us()}};
  if (const auto capture = CaptureId::from_bytes(event.capture_id())) {
    json["capture_id"] = capture->text();
  }
  if (event.has_media_time()) json["at_ms"] = event.media_time_us() / 1000;
  if (event.has_pin()) {
    json["x"] = event.pin().x();
    json["y"] = event.pin().y();
    json["text"] = event.pin().text();
  } else {
    json["text"] = event.message().text();
  }
  return json;
}

}  // namespace

nlohmann::json make_request_report(const KeptRequest& kept) {
  const v1::ShotRequest& request = kept.request.event.request();
  const std::string id = id_of(kept.request).text();
  const RequestProgress progress = kept.progress();
  nlohmann::json shots = nlohmann::json::array();
  for (int i = 0; i < request.shots_size(); ++i) {
    shots.push_back(
        {{"text", request.shots(i)},
         {"answered", progress.answered_shots().count(static_cast<std::uint32_t>(i + 1)) > 0}});
  }
  return {{"request_id", id},
          {"short_id", id.substr(id.size() - kShortestEnding)},
          {"project_id", kept.request.project.text()},
          {"state", name_of(progress.state())},
          {"text", request.text()},
          {"area", kept.request.event.area()},
          {"due", request.has_due_day() ? day_text(request.due_day()) : ""},
          {"for_this_device", !request.device_id().empty()},
          {"shots", std::move(shots)},
          {"from", person_of(kept.request.event)},
          {"stated_at_us", kept.request.event.stated_at_us()}};
}

nlohmann::json make_requests_report(const std::vector<KeptRequest>& requests) {
  nlohmann::json list = nlohmann::json::array();
  for (const KeptRequest& request : requests) list.push_back(make_request_report(request));
  return {{"requests", std::move(list)}};
}

nlohmann::json make_said_report(const std::vector<Direction>& said, std::size_t most) {
  nlohmann::json list = nlohmann::json::array();
  for (auto it = said.rbegin(); it != said.rend() && list.size() < most; ++it) {
    if (it->received_at_us != 0) list.insert(list.begin(), report_of(*it));
  }
  return list;
}

Result<KeptRequest> find_request(const std::vector<KeptRequest>& requests, const std::string& id) {
  const KeptRequest* found = nullptr;
  for (const KeptRequest& request : requests) {
    if (id.size() < kShortestEnding || !id_of(request.request).text().ends_with(id)) continue;
    if (found != nullptr) {
      return invalid_argument("several requests end in '" + id + "': give more of the id");
    }
    found = &request;
  }
  if (found == nullptr) return not_found("no open request ends in '" + id + "'");
  return *found;
}

DirectionNews::DirectionNews(const Inbox& inbox, bool open_first) : inbox_(inbox) {
  for (const Direction& said : inbox_.said()) said_.insert(id_of(said));
  if (open_first) return;
  for (const KeptRequest& request : inbox_.requests()) {
    requests_[id_of(request.request)] = make_request_report(request);
  }
  revision_ = inbox_.revision();
}

std::vector<nlohmann::json> DirectionNews::take() {
  std::vector<nlohmann::json> news;
  const std::uint64_t revision = inbox_.revision();
  if (revision == revision_ && revision != 0) return news;
  revision_ = revision;
  for (const Direction& said : inbox_.said()) {
    if (said_.insert(id_of(said)).second && said.received_at_us != 0) {
      news.push_back(report_of(said));
    }
  }
  std::map<EventId, nlohmann::json> now;
  for (const KeptRequest& request : inbox_.requests()) {
    const EventId id = id_of(request.request);
    nlohmann::json report = make_request_report(request);
    const auto before = requests_.find(id);
    if (before == requests_.end() || before->second != report) {
      nlohmann::json told = report;
      told["type"] = "request";
      news.push_back(std::move(told));
    }
    now[id] = std::move(report);
  }
  for (auto& [id, report] : requests_) {
    if (now.count(id) > 0) continue;
    report["type"] = "request";
    report["state"] = "closed";
    news.push_back(report);
  }
  requests_ = std::move(now);
  return news;
}

}  // namespace sitecast::agent
