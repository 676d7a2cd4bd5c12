// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_lines.h"

#include <gtest/gtest.h>

#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

const EventId kSeed = EventId::make();

PlanItem item(std::string name, std::uint32_t level = 1) {
  PlanItem made;
  made.source_row = 3;
  made.level = level;
  made.name = std::move(name);
  made.start = plan_date(2026, 3, 5);
  made.finish = plan_date(2026, 4, 1);
  return made;
}

PlanSheet sheet_with(std::vector<PlanItem> items) {
  PlanSheet sheet;
  sheet.format = "csv";
  sheet.items = std::move(items);
  return sheet;
}

TEST(PlanLinesTest, AReadingSurvivesItsWayFromTheWorker) {
  PlanSheet sheet = sheet_with({item("基础"), item("主体")});
  sheet.items[1].predecessors.push_back({"1", 0, "FS", 2});
  sheet.skipped.push_back({9, {PlanNoteCode::kRowSum, {}}, "合计"});
  const PlanReading reading = reading_of(sheet, "{}");
  const auto back = decode_reading(encode_reading(reading));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->preview, "{}");
  EXPECT_EQ(back->lines.SerializeAsString(), reading.lines.SerializeAsString());
  EXPECT_EQ(back->about.ignored_count(), 1U);
  EXPECT_EQ(back->lines.lines(1).predecessors(0).item_id(), back->lines.lines(0).item_id());
}

TEST(PlanLinesTest, ATornReadingIsNone) {
  const Bytes whole = encode_reading(reading_of(sheet_with({item("基础")}), "{}"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_reading(ByteView(whole).first(size)).ok()) << size;
  }
}

TEST(PlanLinesTest, AnItemKeepsItsIdAndANewOneGetsAFreshOne) {
  v1::PlanPart first = reading_of(sheet_with({item("基础"), item("主体")}), "").lines;
  give_ids(first, {}, "csv", kSeed);
  EXPECT_NE(first.lines(0).item_id(), first.lines(1).item_id());
  v1::PlanPart second =
      reading_of(sheet_with({item("场地"), item("基础"), item("主体")}), "").lines;
  give_ids(second, first, "csv", EventId::make());
  EXPECT_EQ(second.lines(1).item_id(), first.lines(0).item_id());
  EXPECT_EQ(second.lines(2).item_id(), first.lines(1).item_id());
  EXPECT_NE(second.lines(0).item_id(), first.lines(0).item_id());
}

TEST(PlanLinesTest, TwentyThousandLinesBecomeEventsThatTheWireTakes) {
  PlanSheet sheet;
  sheet.format = "csv";
  for (int i = 0; i < 20'000; ++i) sheet.items.push_back(item("二层梁板" + std::to_string(i)));
  v1::PlanPart lines = reading_of(sheet, "").lines;
  give_ids(lines, {}, "csv", kSeed);
  const auto events = part_events(lines, kSeed);
  EXPECT_LE(events.size(), limits::kPlanParts);
  int count = 0;
  for (v1::Event event : events) {
    event.set_stated_at_us(1'732'500'000'000'000);
    const std::string bytes = event.SerializeAsString();
    const auto parsed = parse_event(as_bytes(bytes));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    count += event.plan_part().lines().size();
  }
  EXPECT_EQ(count, 20'000);
}

TEST(PlanLinesTest, TheLongestLineStillFits) {
  PlanItem longest = item(std::string(4096, 'n'));
  longest.remark = std::string(4096, '\x01');
  longest.area = longest.wbs = longest.number = longest.responsible = longest.name;
  for (std::uint32_t i = 0; i < 200; ++i) longest.predecessors.push_back({"1", 0, "SS", -1});
  v1::PlanPart lines = reading_of(sheet_with({longest}), "").lines;
  give_ids(lines, {}, "csv", kSeed);
  auto events = part_events(lines, kSeed);
  ASSERT_EQ(events.size(), 1U);
  events[0].set_stated_at_us(1'732'500'000'000'000);
  const std::string bytes = events[0].SerializeAsString();
  EXPECT_TRUE(parse_event(as_bytes(bytes)).ok());
}

}  // namespace
}  // namespace sitecast::hub
