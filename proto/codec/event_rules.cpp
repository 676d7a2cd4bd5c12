// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/event_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "proto/codec/event_bodies.h"
#include "proto/codec/field_checks.h"
#include "proto/codec/limits.h"
#include "proto/codec/parse_message.h"

namespace sitecast {
namespace {

constexpr std::uint8_t bit(Speaker speaker) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(speaker));
}
template <typename... Speakers>
constexpr std::uint8_t speakers(Speakers... all) {
  return static_cast<std::uint8_t>((bit(all) | ...));
}

constexpr std::uint8_t kDeviceOnly = speakers(Speaker::kDevice);
constexpr std::uint8_t kDeciders = speakers(Speaker::kCentre, Speaker::kHub);
constexpr std::uint8_t kPeople = speakers(Speaker::kCentre, Speaker::kAgent, Speaker::kOwner);

constexpr std::array<EventRule, 21> kRules{{
    {"capture.opened", kDeviceOnly, v1::Event::kCaptureOpened, "a recording begins"},
    {"capture.closed", kDeviceOnly, v1::Event::kCaptureClosed,
     "a recording ended, with the number of parts of each track"},
    {"note", kPeople | kDeviceOnly, v1::Event::kNote, "a remark, on a moment or on the whole"},
    {"progress", speakers(Speaker::kDevice, Speaker::kCentre, Speaker::kAgent),
     v1::Event::kProgress, "stage and percentage seen on site"},
    {"quality", kDeviceOnly, v1::Event::kQuality,
     "the picture is (no longer) dark, blurred, covered"},
    {"gap", kDeviceOnly, v1::Event::kGap, "a stretch that the device does not have"},
    {"project.stated", kDeciders, v1::Event::kProject,
     "name, place, areas and stages of the project; the last one counts"},
    {"member.added", kDeciders, v1::Event::kMember, "a person belongs to the project in a role"},
    {"member.removed", kDeciders, v1::Event::kMember, "a person no longer belongs to it"},
    {"plan.part", kDeciders, v1::Event::kPlanPart,
     "lines of a schedule sheet; in force when a baseline names it"},
    {"plan.baselined", kDeciders, v1::Event::kPlanBaselined,
     "a plan was confirmed and is frozen under its number"},
    {"milestone.claimed", speakers(Speaker::kCentre, Speaker::kAgent), v1::Event::kMilestone,
     "a milestone is said to be reached"},
    {"milestone.reviewed", kDeciders, v1::Event::kMilestone, "the centre has looked at the claim"},
    {"milestone.confirmed", kDeciders, v1::Event::kMilestone,
     "the centre confirms it, on the evidence named"},
    {"milestone.returned", kDeciders, v1::Event::kMilestone,
     "the centre sends it back, with the reason"},
    {"pin", kPeople, v1::Event::kPin, "a spot of the picture, pointed at by who watches"},
    {"message", kPeople | kDeviceOnly, v1::Event::kMessage,
     "a line of text to the people at a capture, or of a project"},
    {"request", speakers(Speaker::kCentre, Speaker::kOwner), v1::Event::kRequest,
     "footage is asked for"},
    {"request.accepted", speakers(Speaker::kDevice, Speaker::kAgent), v1::Event::kRequestStep,
     "somebody will film it"},
    {"request.answered", speakers(Speaker::kDevice, Speaker::kAgent), v1::Event::kRequestStep,
     "here is the footage, or that of one shot"},
    {"request.closed", speakers(Speaker::kCentre, Speaker::kOwner), v1::Event::kRequestStep,
     "nothing more is waited for"},
}};

constexpr std::array<std::string_view, 7> kDecisionPrefixes{
    "project.", "member.", "milestone.", "approval.", "plan.", "case.", "share."};

const EventRule* find_rule(std::string_view kind) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                 [&](const EventRule& each) { return each.kind == kind; });
  return rule == kRules.end() ? nullptr : &*rule;
}

bool is_decision(std::string_view kind) {
  return std::any_of(
      kDecisionPrefixes.begin(), kDecisionPrefixes.end(), [&](std::string_view prefix) {
        return kind.starts_with(prefix) || kind == prefix.substr(0, prefix.size() - 1);
      });
}

Status check_kind(std::string_view kind) {
  if (kind.empty()) return invalid_argument("kind is missing");
  if (kind.front() < 'a' || kind.front() > 'z') {
    return invalid_argument("kind does not begin with a letter a-z");
  }
  return check_word(kind, "kind");
}

Status check_moment(const v1::Event& event) {
  if (!event.has_media_time()) {
    return event.media_time_us() == 0
               ? Status(Ok{})
               : Status(invalid_argument("media_time_us without has_media_time"));
  }
  if (event.capture_id().empty()) return invalid_argument("media time without a capture_id");
  return check_media_time_us(event.media_time_us(), "media_time_us");
}

}  // namespace

std::span<const EventRule> event_rules() { return kRules; }

bool may_state(Speaker speaker, std::string_view kind) {
  if (const EventRule* rule = find_rule(kind)) return (rule->speakers & bit(speaker)) != 0;
  return !is_decision(kind) || (kDeciders & bit(speaker)) != 0;
}

std::string who_may_state_table() {
  std::string table =
      "| kind | device | centre | agent | owner | hub | meaning |\n|---|---|---|---|---|---|---|\n";
  const auto row = [&](std::string_view name, std::string_view kind, std::string_view meaning) {
    table += fmt::format("| {} |", name);
    for (const Speaker speaker :
         {Speaker::kDevice, Speaker::kCentre, Speaker::kAgent, Speaker::kOwner, Speaker::kHub}) {
      table += may_state(speaker, kind) ? " yes |" : " – |";
    }
    table += fmt::format(" {} |\n", meaning);
  };
  for (const EventRule& rule : kRules) {
    row(fmt::format("`{}`", rule.kind), rule.kind, rule.meaning);
  }
  std::string decisions;
  for (const std::string_view prefix : kDecisionPrefixes) {
    decisions += fmt::format("{}`{}*`", decisions.empty() ? "" : " ", prefix);
  }
  row("any other " + decisions, kDecisionPrefixes.front(), "decisions, known to us yet or not");
  row("any other", "unknown", "kept and shown plainly");
  return table;
}

Status check_origin(EventOrigin origin, const v1::Event& event) {
  if ((origin == EventOrigin::kGateway) != event.has_actor()) {
    return permission_denied(origin == EventOrigin::kGateway
                                 ? "an event from the gateway names no actor"
                                 : "only the gateway may name an actor");
  }
  bool allowed = false;
  switch (origin) {
    case EventOrigin::kDevice: allowed = may_state(Speaker::kDevice, event.kind()); break;
    case EventOrigin::kHub: allowed = may_state(Speaker::kHub, event.kind()); break;
    case EventOrigin::kGateway:
      allowed = may_state(Speaker::kCentre, event.kind()) ||
                may_state(Speaker::kAgent, event.kind()) ||
                may_state(Speaker::kOwner, event.kind());
      break;
  }
  if (!allowed) {
    return permission_denied(fmt::format("a {} may not state {}",
                                         origin == EventOrigin::kDevice    ? "device"
                                         : origin == EventOrigin::kGateway ? "person"
                                                                           : "hub command",
                                         event.kind()));
  }
  return Ok{};
}

Status check_event(const v1::Event& event) {
  SC_TRY(check_id(event.event_id(), "event_id"));
  SC_TRY(check_kind(event.kind()));
  SC_TRY(check_time(event.stated_at_us(), "stated_at_us"));
  SC_TRY(check_optional_id(event.capture_id(), "capture_id"));
  SC_TRY(check_moment(event));
  SC_TRY(check_name(event.area(), "area"));
  if (event.has_actor()) {
    SC_TRY(check_required_name(event.actor().user(), "actor.user"));
    SC_TRY(check_name(event.actor().display_name(), "actor.display_name"));
  }
  if (const EventRule* rule = find_rule(event.kind()); rule && rule->body != event.body_case()) {
    return invalid_argument(fmt::format("the body is not that of kind {}", event.kind()));
  }
  return check_body(event);
}

Result<v1::Event> parse_event(ByteView bytes) {
  if (bytes.size() > limits::kEventBytes) {
    return invalid_argument(
        fmt::format("event of {} bytes is larger than {}", bytes.size(), limits::kEventBytes));
  }
  v1::Event event;
  if (!parse_message(event, bytes)) {
    return invalid_argument("not a valid Event message");
  }
  SC_TRY(check_event(event));
  return event;
}

}  // namespace sitecast
