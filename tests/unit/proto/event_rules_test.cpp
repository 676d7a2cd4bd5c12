// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/event_rules.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "proto/base/file.h"
#include "proto/codec/limits.h"
#include "tests/unit/proto/event_examples.h"

namespace sitecast {
namespace {

TEST(EventRulesTest, AnExampleOfEveryKnownKindIsValid) {
  for (const EventRule& rule : event_rules()) {
    const v1::Event event = example_event(std::string(rule.kind));
    EXPECT_EQ(event.body_case(), rule.body) << rule.kind;
    const auto parsed = parse_event(as_bytes(event.SerializeAsString()));
    ASSERT_TRUE(parsed.ok()) << rule.kind << ": " << parsed.error().message();
    EXPECT_EQ(parsed->SerializeAsString(), event.SerializeAsString());
  }
}

TEST(EventRulesTest, ADeviceNeverDecides) {
  for (const char* kind :
       {"project.stated", "member.added", "member.removed", "milestone.confirmed", "approval",
        "approval.given", "plan.changed", "case.step", "share.made"}) {
    EXPECT_FALSE(may_state(Speaker::kDevice, kind)) << kind;
    EXPECT_FALSE(may_state(Speaker::kOwner, kind)) << kind;
    EXPECT_TRUE(may_state(Speaker::kCentre, kind)) << kind;
    EXPECT_TRUE(may_state(Speaker::kHub, kind)) << kind;
  }
}

TEST(EventRulesTest, PeopleRemarkAndDevicesRecord) {
  for (const Speaker person : {Speaker::kCentre, Speaker::kAgent, Speaker::kOwner}) {
    EXPECT_TRUE(may_state(person, "note"));
    EXPECT_FALSE(may_state(person, "capture.opened"));
    EXPECT_FALSE(may_state(person, "gap"));
  }
  EXPECT_TRUE(may_state(Speaker::kDevice, "note"));
  EXPECT_TRUE(may_state(Speaker::kDevice, "capture.closed"));
  EXPECT_TRUE(may_state(Speaker::kAgent, "progress"));
  EXPECT_FALSE(may_state(Speaker::kOwner, "progress"));
  EXPECT_TRUE(may_state(Speaker::kDevice, "weather"));  // unknown: kept
}

TEST(EventRulesTest, WhoWatchesAsksAndWhoFilmsAnswers) {
  for (const Speaker speaker : {Speaker::kOwner, Speaker::kCentre}) {
    EXPECT_TRUE(may_state(speaker, "pin"));
    EXPECT_TRUE(may_state(speaker, "message"));
    EXPECT_TRUE(may_state(speaker, "request"));
    EXPECT_TRUE(may_state(speaker, "request.closed"));
    EXPECT_FALSE(may_state(speaker, "request.accepted"));
    EXPECT_FALSE(may_state(speaker, "request.answered"));
  }
  EXPECT_TRUE(may_state(Speaker::kDevice, "message"));
  EXPECT_TRUE(may_state(Speaker::kDevice, "request.accepted"));
  EXPECT_TRUE(may_state(Speaker::kDevice, "request.answered"));
  for (const char* kind : {"pin", "request", "request.closed"}) {
    EXPECT_FALSE(may_state(Speaker::kDevice, kind)) << kind;
  }
}

TEST(EventRulesTest, OnlyTheGatewayNamesAnActorAndAlwaysDoes) {
  v1::Event note = example_event("note");
  EXPECT_TRUE(check_origin(EventOrigin::kDevice, note).ok());
  EXPECT_FALSE(check_origin(EventOrigin::kGateway, note).ok());
  note.mutable_actor()->set_user("li");
  EXPECT_FALSE(check_origin(EventOrigin::kDevice, note).ok());
  EXPECT_TRUE(check_origin(EventOrigin::kGateway, note).ok());
  v1::Event project = example_event("project.stated");
  EXPECT_TRUE(check_origin(EventOrigin::kHub, project).ok());
  const auto refused = check_origin(EventOrigin::kDevice, project);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind(), ErrorKind::kPermissionDenied);
  v1::Event gap = example_event("gap");
  gap.mutable_actor()->set_user("li");
  EXPECT_FALSE(check_origin(EventOrigin::kGateway, gap).ok());
}

// As protobuf itself refuses to read it, but who makes an event must learn of it before that.
TEST(EventRulesTest, TextIsValidUtf8) {
  const auto refused = [](v1::Event event, const std::string& message) {
    const Status checked = check_event(event);
    ASSERT_FALSE(checked.ok()) << message;
    EXPECT_EQ(checked.error().kind(), ErrorKind::kInvalidArgument);
    EXPECT_EQ(checked.error().message(), message);
    const auto parsed = parse_event(as_bytes(event.SerializeAsString()));
    ASSERT_FALSE(parsed.ok()) << "parsed, though " << message;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::kInvalidArgument);
  };
  v1::Event note = example_event("note");
  note.mutable_note()->set_text("\xb3\xa7\xb7\xbf");
  refused(note, "text is not valid UTF-8");
  note = example_event("note");
  note.set_area("\xed\xa0\x80");
  refused(note, "area is not valid UTF-8");
  note = example_event("note");
  note.mutable_actor()->set_user("li");
  note.mutable_actor()->set_display_name("\xe6\x9d");
  refused(note, "actor.display_name is not valid UTF-8");
  v1::Event progress = example_event("progress");
  progress.mutable_progress()->set_stage("\xc0\x80");
  refused(progress, "stage is not valid UTF-8");
  v1::Event project = example_event("project.stated");
  project.mutable_project()->add_areas("\xf5\x80\x80\x80");
  refused(project, "areas is not valid UTF-8");
  v1::Event member = example_event("member.added");
  member.mutable_member()->set_user("\xff");
  refused(member, "user is not valid UTF-8");
}

struct Fault {
  const char* kind;
  const char* field;  // that the message names
  std::function<void(v1::Event&)> damage;
};

class EventFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(EventFaultTest, IsRefusedByName) {
  v1::Event event = example_event(GetParam().kind);
  ASSERT_TRUE(check_event(event).ok());
  GetParam().damage(event);
  const auto parsed = parse_event(as_bytes(event.SerializeAsString()));
  ASSERT_FALSE(parsed.ok()) << event.kind() << " " << GetParam().field;
  EXPECT_EQ(parsed.error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_NE(parsed.error().message().find(GetParam().field), std::string::npos)
      << parsed.error().message();
}

const std::string kLongName(limits::kNameBytes + 1, 'n');
const std::string kLongText(limits::kTextBytes + 1, 't');
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    Event, EventFaultTest,
    ::testing::Values(
        Fault{"plan.part", "lines", [](auto& e) { e.mutable_plan_part()->clear_lines(); }},
        Fault{"plan.part", "item_id",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->clear_item_id(); }},
        Fault{"plan.part", "name",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->clear_name(); }},
        Fault{"plan.part", "level",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->set_level(33); }},
        Fault{"plan.part", "finish_day",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->set_finish_day(20'499); }},
        Fault{"plan.part", "start_day",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->set_start_day(70'000); }},
        Fault{"plan.part", "weight",
              [](auto& e) { e.mutable_plan_part()->mutable_lines(0)->set_weight(kNan); }},
        Fault{"plan.part", "predecessors.type",
              [](auto& e) {
                e.mutable_plan_part()->mutable_lines(0)->mutable_predecessors(0)->set_type("XX");
              }},
        Fault{"plan.baselined", "number",
              [](auto& e) { e.mutable_plan_baselined()->set_number(0); }},
        Fault{"plan.baselined", "part_events",
              [](auto& e) { e.mutable_plan_baselined()->clear_part_events(); }},
        Fault{"plan.baselined", "part_events",
              [](auto& e) { e.mutable_plan_baselined()->add_part_events(example_id('p')); }},
        Fault{"plan.baselined", "sheet_sha256",
              [](auto& e) { e.mutable_plan_baselined()->set_sheet_sha256("x"); }},
        Fault{"plan.baselined", "ignored",
              [](auto& e) {
                for (int i = 0; i < 256; ++i) e.mutable_plan_baselined()->add_ignored();
              }},
        Fault{"milestone.claimed", "plan_item",
              [](auto& e) { e.mutable_milestone()->clear_plan_item(); }},
        Fault{"milestone.confirmed", "capture_id", [](auto& e) { e.clear_capture_id(); }},
        Fault{"milestone.returned", "text", [](auto& e) { e.mutable_milestone()->clear_text(); }},
        Fault{"pin", "capture_id",
              [](auto& e) {
                e.clear_capture_id();
                e.set_has_media_time(false);
                e.set_media_time_us(0);
              }},
        Fault{"pin", "media_time_us",
              [](auto& e) {
                e.set_has_media_time(false);
                e.set_media_time_us(0);
              }},
        Fault{"pin", "x", [](auto& e) { e.mutable_pin()->set_x(-0.01); }},
        Fault{"pin", "y", [](auto& e) { e.mutable_pin()->set_y(kNan); }},
        Fault{"pin", "text",
              [](auto& e) { e.mutable_pin()->set_text(std::string(limits::kMessageBytes + 1, 't')); }},
        Fault{"message", "text", [](auto& e) { e.mutable_message()->clear_text(); }},
        Fault{"message", "text",
              [](auto& e) {
                e.mutable_message()->set_text(std::string(limits::kMessageBytes + 1, 't'));
              }},
        Fault{"request", "text", [](auto& e) { e.mutable_request()->clear_text(); }},
        Fault{"request", "due_day", [](auto& e) { e.mutable_request()->set_due_day(70'000); }},
        Fault{"request", "device_id", [](auto& e) { e.mutable_request()->set_device_id("x"); }},
        Fault{"request", "shots", [](auto& e) { e.mutable_request()->add_shots("2号泵"); }},
        Fault{"request.accepted", "request_id",
              [](auto& e) { e.mutable_request_step()->clear_request_id(); }},
        Fault{"request.answered", "capture_id",
              [](auto& e) {
                e.clear_capture_id();
                e.set_has_media_time(false);
                e.set_media_time_us(0);
              }},
        Fault{"request.answered", "shot", [](auto& e) { e.mutable_request_step()->set_shot(33); }},
        Fault{"progress", "plan_item",
              [](auto& e) { e.mutable_progress()->set_plan_item("short"); }},
        Fault{"note", "event_id", [](auto& e) { e.set_event_id("short"); }},
        Fault{"note", "event_id", [](auto& e) { e.set_event_id(std::string(16, '\0')); }},
        Fault{"note", "kind", [](auto& e) { e.clear_kind(); }},
        Fault{"note", "kind", [](auto& e) { e.set_kind("Note"); }},
        Fault{"note", "kind", [](auto& e) { e.set_kind("9note"); }},
        Fault{"note", "kind", [](auto& e) { e.set_kind(std::string(limits::kWordBytes + 1, 'k')); }},
        Fault{"note", "stated_at_us", [](auto& e) { e.set_stated_at_us(-1); }},
        Fault{"note", "stated_at_us", [](auto& e) { e.set_stated_at_us(limits::kLatestTimeUs + 1); }},
        Fault{"note", "capture_id", [](auto& e) { e.set_capture_id("x"); }},
        Fault{"note", "media time", [](auto& e) { e.clear_capture_id(); }},
        Fault{"note", "media_time_us", [](auto& e) { e.set_media_time_us(-1); }},
        Fault{"note", "media_time_us", [](auto& e) { e.set_media_time_us(1LL << 53); }},
        Fault{"note", "media_time_us", [](auto& e) { e.set_has_media_time(false); }},
        Fault{"note", "area", [](auto& e) { e.set_area(kLongName); }},
        Fault{"note", "area", [](auto& e) { e.set_area("line\nbreak"); }},
        Fault{"note", "actor.user", [](auto& e) { e.mutable_actor(); }},
        Fault{"note", "actor.display_name",
              [](auto& e) {
                e.mutable_actor()->set_user("li");
                e.mutable_actor()->set_display_name(kLongName);
              }},
        Fault{"note", "body", [](auto& e) { e.clear_note(); }},
        Fault{"note", "body", [](auto& e) { e.mutable_gap(); }},
        Fault{"note", "text", [](auto& e) { e.mutable_note()->clear_text(); }},
        Fault{"note", "text", [](auto& e) { e.mutable_note()->set_text(kLongText); }},
        Fault{"note", "text", [](auto& e) { e.mutable_note()->set_text("bell\a"); }},
        Fault{"progress", "percentage", [](auto& e) { e.mutable_progress()->set_percentage(-0.1); }},
        Fault{"progress", "percentage", [](auto& e) { e.mutable_progress()->set_percentage(100.1); }},
        Fault{"progress", "percentage", [](auto& e) { e.mutable_progress()->set_percentage(kNan); }},
        Fault{"progress", "percentage",
              [](auto& e) { e.mutable_progress()->set_has_percentage(false); }},
        Fault{"progress", "stage", [](auto& e) { e.mutable_progress()->set_stage(kLongName); }},
        Fault{"progress", "progress", [](auto& e) { e.mutable_progress()->Clear(); }},
        Fault{"quality", "warning", [](auto& e) { e.mutable_quality()->set_warning("ugly"); }},
        Fault{"quality", "value", [](auto& e) { e.mutable_quality()->set_value(kNan); }},
        Fault{"gap", "track", [](auto& e) { e.mutable_gap()->set_track("film"); }},
        Fault{"gap", "until_us", [](auto& e) { e.mutable_gap()->set_until_us(1'000'000); }},
        Fault{"gap", "from_us", [](auto& e) { e.mutable_gap()->set_from_us(-1); }},
        Fault{"gap", "capture_id", [](auto& e) { e.clear_capture_id(); }},
        Fault{"capture.opened", "capture_id", [](auto& e) { e.clear_capture_id(); }},
        Fault{"capture.opened", "capture_kind",
              [](auto& e) { e.mutable_capture_opened()->set_capture_kind("film"); }},
        Fault{"capture.opened", "tracks",
              [](auto& e) { e.mutable_capture_opened()->clear_tracks(); }},
        Fault{"capture.opened", "tracks",
              [](auto& e) { e.mutable_capture_opened()->add_tracks("image"); }},
        Fault{"capture.opened", "tracks",
              [](auto& e) {
                for (int i = 0; i < 16; ++i) {
                  e.mutable_capture_opened()->add_tracks("audio." + std::to_string(i));
                }
              }},
        Fault{"capture.opened", "continue",
              [](auto& e) { e.mutable_capture_opened()->set_continues(e.capture_id()); }},
        Fault{"capture.opened", "source",
              [](auto& e) { e.mutable_capture_opened()->set_source("rtsp://camera"); }},
        Fault{"capture.opened", "photo",
              [](auto& e) { e.mutable_capture_opened()->set_capture_kind("walkthrough"); }},
        Fault{"capture.opened", "orientation",
              [](auto& e) { e.mutable_capture_opened()->mutable_photo()->set_orientation(9); }},
        Fault{"capture.opened", "latitude",
              [](auto& e) { e.mutable_capture_opened()->mutable_photo()->set_latitude_deg(91); }},
        Fault{"capture.opened", "longitude",
              [](auto& e) { e.mutable_capture_opened()->mutable_photo()->set_longitude_deg(kNan); }},
        Fault{"capture.closed", "reason",
              [](auto& e) { e.mutable_capture_closed()->set_reason("bored"); }},
        Fault{"capture.closed", "tracks",
              [](auto& e) { e.mutable_capture_closed()->add_tracks()->set_track("video"); }},
        Fault{"capture.closed", "running_hash",
              [](auto& e) { e.mutable_capture_closed()->mutable_tracks(0)->set_running_hash("x"); }},
        Fault{"capture.closed", "head",
              [](auto& e) {
                e.mutable_capture_closed()->mutable_tracks(0)->mutable_head()->set_sequence(298);
              }},
        Fault{"capture.closed", "part_count",
              [](auto& e) {
                e.mutable_capture_closed()->mutable_tracks(0)->set_part_count(limits::kSequence + 1);
              }},
        Fault{"project.stated", "name", [](auto& e) { e.mutable_project()->clear_name(); }},
        Fault{"project.stated", "areas", [](auto& e) { e.mutable_project()->add_areas(""); }},
        Fault{"project.stated", "areas", [](auto& e) { e.mutable_project()->add_areas("1号厂房"); }},
        Fault{"project.stated", "stages",
              [](auto& e) {
                for (int i = 0; i < 256; ++i) e.mutable_project()->add_stages(std::to_string(i));
              }},
        Fault{"member.added", "user", [](auto& e) { e.mutable_member()->clear_user(); }},
        Fault{"member.added", "role", [](auto& e) { e.mutable_member()->set_role("king"); }},
        Fault{"member.added", "role", [](auto& e) { e.mutable_member()->clear_role(); }}));

TEST(EventRulesTest, AnUnknownKindIsKeptWithinTheLimits) {
  v1::Event event = example_event("note");
  event.set_kind("weather");
  EXPECT_TRUE(check_event(event).ok());
  event.mutable_note()->set_text(kLongText);
  EXPECT_FALSE(check_event(event).ok());
  event.clear_note();
  EXPECT_TRUE(check_event(event).ok());
  std::string with_unknown_body = event.SerializeAsString();
  with_unknown_body += std::string("\xfa\x07\x03\x61\x62\x63", 6);  // field 127, three bytes
  EXPECT_TRUE(parse_event(as_bytes(with_unknown_body)).ok());
}

TEST(EventRulesTest, AnEventBeyondItsSizeIsNotParsed) {
  std::string bytes = example_event("note").SerializeAsString();
  const std::size_t padding = limits::kEventBytes - bytes.size() - 5;
  std::string padded = bytes + std::string("\xfa\x07", 2);  // field 127
  padded += static_cast<char>((padding & 0x7f) | 0x80);
  padded += static_cast<char>((padding >> 7 & 0x7f) | 0x80);
  padded += static_cast<char>(padding >> 14);
  padded += std::string(padding, 'p');
  ASSERT_EQ(padded.size(), limits::kEventBytes);
  EXPECT_TRUE(parse_event(as_bytes(padded)).ok());
  padded += "\xf0\x07";
  EXPECT_FALSE(parse_event(as_bytes(padded)).ok());
}

TEST(EventRulesTest, TextThatIsNotUtf8IsRefused) {
  std::string bytes = example_event("progress").SerializeAsString();
  const auto at = bytes.find("主体结构");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = '\xff';
  EXPECT_FALSE(parse_event(as_bytes(bytes)).ok());
}

TEST(EventRulesTest, TheReadmeShowsTheTableThatTheCodeEnforces) {
  const auto readme = read_file(SITECAST_SOURCE_DIR "/proto/README.md", 1 << 20);
  ASSERT_TRUE(readme.ok()) << readme.error().message();
  EXPECT_NE(as_text(*readme).find(who_may_state_table()), std::string_view::npos)
      << "proto/README.md must contain:\n"
      << who_may_state_table();
}

}  // namespace
}  // namespace sitecast
