// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/plan_orders.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "hub/plan/plan_changes.h"
#include "proto/base/sha256.h"
#include "proto/codec/event_rules.h"
#include "viewer/gateway/api/plan_state.h"
#include "viewer/gateway/api/read_handlers.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

using Order = std::variant<Response, PlanOrder>;

constexpr std::size_t kChanges = 1'000;  // named; all are counted
constexpr std::string_view kDecidedMeanwhile = "somebody else decided meanwhile: look again";

Response conflict(std::string_view message) { return error_response(409, "conflict", message); }

// Nothing is known of the sheet but that reading it took too much.
Response not_read(const Error& error) {
  if (error.kind() == ErrorKind::kCancelled) return not_stated(unavailable(error.message()));
  auto response = error_response(422, "unreadable", "this file cannot be read as a schedule");
  response.cause = error.message();
  return response;
}

std::string hash_text(const std::string& file) {
  const Hash hash = sha256(as_bytes(file));
  return hex_encode(ByteView(hash));
}

struct Before {
  std::uint32_t number = 0;  // of the newest baseline; 0: none
  v1::PlanPart lines;
};

Result<Before> newest(hub::IndexReader& reader, ProjectId project,
                      const std::vector<hub::PlanBaselineInfo>& baselines) {
  Before before;
  if (baselines.empty()) return before;
  SC_TRY_ASSIGN(auto baseline, read_baseline(reader, project, baselines.front()));
  before.number = baseline.info.number;
  before.lines = std::move(baseline.lines);
  return before;
}

std::string_view name_of(hub::PlanChange::Kind kind) {
  switch (kind) {
    case hub::PlanChange::Kind::kAdded: return "added";
    case hub::PlanChange::Kind::kRemoved: return "removed";
    case hub::PlanChange::Kind::kMoved: return "moved";
    case hub::PlanChange::Kind::kRenamed: return "renamed";
  }
  return "";
}

void write_side(JsonWriter& json, const char* key, const hub::PlanSheet& sheet,
                const std::optional<std::uint32_t>& index) {
  json.key(key);
  if (!index) {
    json.value(nullptr);
    return;
  }
  const hub::PlanItem& item = sheet.items[*index];
  const auto date = [](const auto& day) {
    return day ? std::optional(hub::text_of(*day)) : std::nullopt;
  };
  json.begin_object().member("row", item.source_row).member("name", item.name);
  json.member("area", item.area).member("start", date(item.start));
  json.member("finish", date(item.finish)).end_object();
}

void write_changes(JsonWriter& json, const Before& before, const hub::PlanReading& reading) {
  const auto older = hub::sheet_of(before.lines, reading.about.format());
  const auto newer = hub::sheet_of(reading.lines, reading.about.format());
  const auto changes = hub::compare_plans(older, newer);
  json.begin_object().member("unchanged", changes.unchanged);
  json.member("ambiguous", changes.ambiguous).member("count", changes.changes.size());
  json.key("changes").begin_array();
  for (std::size_t i = 0; i < std::min(changes.changes.size(), kChanges); ++i) {
    const hub::PlanChange& change = changes.changes[i];
    json.begin_object().member("change", name_of(change.kind));
    write_side(json, "before", older, change.before);
    write_side(json, "after", newer, change.after);
    json.member("start_days", change.start_days).member("finish_days", change.finish_days);
    json.end_object();
  }
  json.end_array().end_object();
}

Response preview(PlanOffice& office, const std::string& file, const Before& before) {
  const auto reading = office.read_sheet(file);
  if (!reading.ok()) return not_read(reading.error());
  // A worker that was taken over could write anything: what goes to browsers is JSON.
  if (!nlohmann::json::accept(reading->preview)) {
    return not_read(internal_error("the worker's preview is no JSON"));
  }
  JsonWriter json;
  json.begin_object().member("sha256", hash_text(file)).member("after", before.number);
  json.member("line_count", reading->lines.lines_size());
  json.key("preview").raw(reading->preview);
  json.key("changes");
  if (before.number > 0 && reading->lines.lines_size() > 0) {
    write_changes(json, before, *reading);
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return json_response(std::move(json).take());
}

struct Confirmation {
  EventId id;
  std::string sha256;
  std::uint32_t after = 0;
  std::string file_name;
};

Result<Confirmation> confirmation(const Request& request) {
  const auto pairs = parse_query(request.query);
  if (!pairs) return invalid_argument("the query is malformed");
  Confirmation result;
  bool has_id = false;
  bool has_after = false;
  for (const auto& [name, value] : *pairs) {
    if (name == "id") {
      const auto id = EventId::parse(value);
      if (!id || *id == EventId()) return invalid_argument("id is an event id");
      result.id = *id;
      has_id = true;
    } else if (name == "sha256") {
      result.sha256 = value;
    } else if (name == "after") {
      const auto number = parse_unsigned(value);
      if (!number || *number >= UINT32_MAX) return invalid_argument("after is a number");
      result.after = static_cast<std::uint32_t>(*number);
      has_after = true;
    } else if (name == "name") {
      result.file_name = value;
    } else {
      return invalid_argument("unknown parameter: " + name);
    }
  }
  if (!has_id || !has_after || result.sha256.empty()) {
    return invalid_argument("id, sha256 and after are needed: those of the preview");
  }
  return result;
}

Response stored(unsigned status, EventId id, std::uint32_t number) {
  JsonWriter json;
  json.begin_object().member("id", id.text()).member("number", number).end_object();
  auto response = json_response(std::move(json).take());
  response.status = status;
  return response;
}

Response confirm(PlanOffice& office, ProjectId project, const std::string& file,
                 const Confirmation& asked, const Before& before, const Person& person) {
  const std::uint32_t number = before.number + 1;
  if (!office.is_free(project, number)) {
    return conflict("another plan was taken over meanwhile: preview again");
  }
  if (hash_text(file) != asked.sha256) return bad_request("this is not the file of the preview");
  auto reading = office.read_sheet(file);
  if (!reading.ok()) return not_read(reading.error());
  if (reading->lines.lines_size() == 0) {
    return error_response(422, "unreadable", "nothing of this file can be taken over");
  }
  hub::give_ids(reading->lines, before.lines, reading->about.format(), asked.id);
  auto events = hub::part_events(reading->lines, asked.id);
  v1::Event frozen;
  frozen.set_event_id(asked.id.raw());
  frozen.set_kind("plan.baselined");
  v1::PlanBaselined& about = *frozen.mutable_plan_baselined();
  about = reading->about;
  about.set_number(number);
  about.set_line_count(static_cast<std::uint32_t>(reading->lines.lines_size()));
  const Hash hash = sha256(as_bytes(file));
  about.set_sheet_sha256(std::string(hash.begin(), hash.end()));
  about.set_file_name(asked.file_name);
  about.clear_part_events();
  for (const v1::Event& part : events) about.add_part_events(part.event_id());
  events.push_back(std::move(frozen));
  const Status done = office.state(project, person, std::move(events));
  if (!done.ok()) return not_stated(done.error());
  office.take(project, number);
  return stored(201, asked.id, number);
}

Order order_confirm(hub::IndexReader& reader, ProjectId project, const Request& request,
                    const Person& person) {
  auto asked = confirmation(request);
  if (!asked.ok()) return bad_request(asked.error().message());
  const auto baselines = reader.plan_baselines(project);
  if (!baselines.ok()) return response_of(baselines.error());
  for (const hub::PlanBaselineInfo& info : *baselines) {
    // Asked again after its answer was lost.
    if (info.stated_event == asked->id) return stored(200, asked->id, info.number);
  }
  auto before = newest(reader, project, *baselines);
  if (!before.ok()) return response_of(before.error());
  if (before->number != asked->after) {
    return conflict("another plan was taken over meanwhile: preview again");
  }
  auto shared = std::make_shared<const Before>(std::move(*before));
  return PlanOrder([project, shared, person, asked = std::move(*asked),
                    file = request.body](PlanOffice& office) {
    return confirm(office, project, file, asked, *shared, person);
  });
}

Order order_preview(hub::IndexReader& reader, ProjectId project, const Request& request) {
  const auto baselines = reader.plan_baselines(project);
  if (!baselines.ok()) return response_of(baselines.error());
  auto before = newest(reader, project, *baselines);
  if (!before.ok()) return response_of(before.error());
  auto shared = std::make_shared<const Before>(std::move(*before));
  return PlanOrder(
      [shared, file = request.body](PlanOffice& office) { return preview(office, file, *shared); });
}

struct Statement {
  v1::Event event;
  std::optional<EventId> after;  // the milestone's last step that its speaker saw; nil: none
};

// {"id", "kind", "plan_item", "after"?, "capture_id"?, "media_time_us"?, "percentage"?, "stage"?,
// "text"?}
Result<Statement> parse_statement(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return invalid_argument("send a statement as JSON");
  Statement statement;
  v1::Event& event = statement.event;
  std::string item;
  std::string text;
  std::string stage;
  std::optional<double> percentage;
  for (const auto& [key, value] : json.items()) {
    if (key == "percentage" && value.is_number()) {
      percentage = value.get<double>();
      continue;
    }
    if (key == "media_time_us" && value.is_number_unsigned() &&
        value.get<std::uint64_t>() <= INT64_MAX) {
      event.set_media_time_us(value.get<std::int64_t>());
      event.set_has_media_time(true);
      continue;
    }
    if (!value.is_string()) return invalid_argument(key + " is not as it should be");
    const auto& word = value.get_ref<const std::string&>();
    const auto id = EventId::parse(word);
    if (key == "id" && id) {
      event.set_event_id(id->raw());
    } else if (key == "plan_item" && id) {
      item = id->raw();
    } else if (key == "capture_id" && id) {
      event.set_capture_id(id->raw());
    } else if (key == "after" && (id || word.empty())) {
      statement.after = id.value_or(EventId());
    } else if (key == "kind") {
      event.set_kind(word);
    } else if (key == "text") {
      text = word;
    } else if (key == "stage") {
      stage = word;
    } else {
      return invalid_argument(key + " is not as it should be");
    }
  }
  if (event.event_id().empty() || item.empty()) {
    return invalid_argument("id and plan_item are needed");
  }
  if (event.has_media_time() && event.capture_id().empty()) {
    return invalid_argument("media_time_us is a moment of a capture");
  }
  if (event.kind() == "progress") {
    event.mutable_progress()->set_plan_item(item);
    event.mutable_progress()->set_stage(stage);
    event.mutable_progress()->set_text(text);
    event.mutable_progress()->set_has_percentage(percentage.has_value());
    event.mutable_progress()->set_percentage(percentage.value_or(0));
    // Of a plan line only what was filmed counts.
    if (event.capture_id().empty()) return invalid_argument("capture_id is needed: the evidence");
  } else if (event.kind().starts_with("milestone.")) {
    event.mutable_milestone()->set_plan_item(item);
    event.mutable_milestone()->set_text(text);
  } else {
    return invalid_argument("kind is progress or a step of a milestone");
  }
  return statement;
}

Response state_event(PlanOffice& office, ProjectId project, const Person& person,
                     const v1::Event& event, const std::vector<EventId>& known) {
  const auto id = EventId::from_bytes(event.event_id()).value_or(EventId());
  const std::string& milestone = event.milestone().plan_item();  // empty: of none
  if (event.has_milestone() && !office.is_newest(milestone, known, id)) {
    return conflict(kDecidedMeanwhile);
  }
  const Status done = office.state(project, person, {event});
  if (!done.ok()) return not_stated(done.error());
  if (event.has_milestone()) office.took_step(milestone, id);
  return gateway::stated(event.event_id());
}

// Whether the plan has that line, and its state lets this follow. `known`: what was said of it so
// far.
std::optional<Response> refused(hub::IndexReader& reader, ProjectId project,
                                const Statement& statement, std::vector<EventId>& known) {
  const v1::Event& event = statement.event;
  const auto state = read_plan_state(reader, project, 0, std::nullopt, 0);
  if (!state.ok()) return response_of(state.error());
  const bool of_milestone = event.has_milestone();
  const std::string& item =
      of_milestone ? event.milestone().plan_item() : event.progress().plan_item();
  if (!state->current) return conflict("there is no plan yet");
  const auto& lines = state->current->lines.lines();
  const auto line = std::find_if(lines.begin(), lines.end(),
                                 [&](const v1::PlanLine& one) { return one.item_id() == item; });
  if (line == lines.end()) return conflict("the plan has no such line");
  if (!event.capture_id().empty()) {
    const auto capture = CaptureId::from_bytes(event.capture_id());
    const auto owner = capture ? reader.project_of(*capture) : Result<ProjectId>(not_found(""));
    if (!owner.ok() && owner.error().kind() != ErrorKind::kNotFound) {
      return response_of(owner.error());
    }
    if (!owner.ok() || *owner != project) return not_found_response();
  }
  const auto& said = state->said[static_cast<std::size_t>(line - lines.begin())];
  EventId last_step;
  for (const LineStatement& one : said) {
    known.push_back(one.info.id);
    if (one.of_milestone()) last_step = one.info.id;
  }
  for (const EventId& id : known) {
    if (id.raw() == event.event_id()) return std::nullopt;  // asked again
  }
  if (!of_milestone) return std::nullopt;
  if (!line->milestone()) return conflict("this line is no milestone");
  // Sending back what somebody has just confirmed may follow, but not unseen.
  const bool unseen = statement.after && *statement.after != last_step;
  if (unseen || !may_follow(milestone_state(said), event.kind())) {
    return conflict(kDecidedMeanwhile);
  }
  return std::nullopt;
}

Order order_statement(hub::IndexReader& reader, ProjectId project, const Request& request,
                      const Person& person) {
  auto statement = parse_statement(request.body);
  if (!statement.ok()) return bad_request(statement.error().message());
  if (!may_state(speaker_of(person.role), statement->event.kind())) {
    return error_response(403, "role", "that is for the centre to say");
  }
  std::vector<EventId> known;
  if (auto refusal = refused(reader, project, *statement, known)) return std::move(*refusal);
  return PlanOrder([project, person, event = std::move(statement->event),
                    known = std::move(known)](PlanOffice& office) {
    return state_event(office, project, person, event, known);
  });
}

}  // namespace

std::variant<Response, PlanOrder> plan_order(RouteId route, hub::IndexReader& reader,
                                             ProjectId project, const Request& request,
                                             const Person& person) {
  switch (route) {
    case RouteId::kPlanPreview: return order_preview(reader, project, request);
    case RouteId::kPlanConfirm: return order_confirm(reader, project, request, person);
    case RouteId::kPlanState: return order_statement(reader, project, request, person);
    default: return not_found_response();
  }
}

}  // namespace sitecast::gateway
