// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/hub_plan/plan_fixture.h"

namespace sitecast::hub {
namespace {

TEST(CsvPlanTest, EveryRowIsAnItemOrIsNamed) {
  const PlanSheet sheet = read_text(
      "一期工程施工进度计划表,,,,\n"
      "序号,任务名称,开始时间,结束时间,完成百分比\n"
      "一,土建工程,,,\n"
      "1,土方开挖,2026/3/5,2026/3/20,60%\n"
      ",,,,\n"
      "序号,任务名称,开始时间,结束时间,完成百分比\n"
      "2,桩基,2026/3/21,2026/4/20,\n"
      ",,2026/4/1,2026/4/2,\n"
      ",小　计,,,\n"
      "合计,,,,\n"
      "编制人：张工,审核人：李工,,,\n");
  EXPECT_EQ(skipped_of(sheet),
            "1 row_title\n2 row_header\n5 row_blank\n6 row_header_again\n8 row_no_name\n"
            "9 row_sum\n10 row_sum\n11 row_signature\n");
  ASSERT_EQ(sheet.items.size(), 3U);
  EXPECT_TRUE(sheet.items[0].summary);
  EXPECT_EQ(sheet.items[1].level, 2U);
  EXPECT_EQ(date_of(sheet.items[1].start), "2026-03-05");
  EXPECT_EQ(sheet.items[1].percent, 60);
  EXPECT_EQ(sheet.title, "一期工程施工进度计划表");
}

TEST(CsvPlanTest, HeadingsOfTwoRowsAreReadTogether) {
  const PlanSheet sheet = read_text(
      "序号,工作内容,计划,,实际,,备注\n"
      ",,开始,完成,开始,完成,\n"
      "1,基础,2026-3-1,2026-3-9,2026-3-2,,甲\n");
  ASSERT_EQ(sheet.items.size(), 1U);
  EXPECT_EQ(date_of(sheet.items[0].start), "2026-03-01");
  EXPECT_EQ(date_of(sheet.items[0].finish), "2026-03-09");
  EXPECT_EQ(date_of(sheet.items[0].actual_start), "2026-03-02");
  EXPECT_EQ(sheet.items[0].remark, "甲");
}

TEST(CsvPlanTest, SeparatorsQuotesAndLineEndsAreThoseOfTheFile) {
  for (const char separator : {',', ';', '\t'}) {
    std::string text =
        "\xEF\xBB\xBFNo|Task Name|Start|Finish\r\n1|\"a \"\"b\"\"\nc|d\"|2026-03-05|"
        "2026-03-06\r\n\r\n2|e|2026-03-07|2026-03-08";
    std::replace(text.begin(), text.end(), '|', separator);
    const PlanSheet sheet = read_text(text);
    ASSERT_EQ(sheet.items.size(), 2U) << separator;
    EXPECT_EQ(sheet.items[0].name, std::string("a \"b\" c") +
                                       (separator == '\t' ? " " : std::string(1, separator)) + "d");
    EXPECT_EQ(sheet.items[0].source_row, 2U);
    EXPECT_EQ(sheet.items[1].source_row, 5U);
  }
}

TEST(CsvPlanTest, AQuoteThatIsNeverClosedSwallowsNothing) {
  const PlanSheet sheet = read_text("名称,工期\n\"管道,3\n桩基,4\n");
  ASSERT_EQ(sheet.items.size(), 2U);
  EXPECT_EQ(sheet.items[0].duration_days, 3);
  EXPECT_EQ(sheet.items[1].duration_days, 4);
}

TEST(CsvPlanTest, ShortDatesTakeTheOrderThatTheSheetProves) {
  const std::string head = "Name,Start,Finish\na,5/3/2026,6/3/2026\n";
  const PlanSheet unknown = read_text(head);
  EXPECT_FALSE(unknown.items[0].start);
  EXPECT_TRUE(has_note(unknown.items[0], PlanNoteCode::kDateAmbiguous));
  const PlanSheet proven = read_text(head + "b,7/3/2026,25/3/2026\n");
  EXPECT_EQ(date_of(proven.items[0].start), "2026-03-05");
  EXPECT_TRUE(has_note(proven.notes, PlanNoteCode::kDateOrder));
  const PlanSheet torn = read_text(head + "b,7/3/2026,25/3/2026\nc,3/25/2026,\n");
  EXPECT_FALSE(torn.items[0].start);
  EXPECT_EQ(date_of(torn.items[1].finish), "2026-03-25");
  EXPECT_EQ(date_of(torn.items[2].start), "2026-03-25");
  EXPECT_TRUE(has_note(torn.notes, PlanNoteCode::kDateOrderConflict));
  PlanReadOptions asked;
  asked.date_order = "mdy";
  EXPECT_EQ(date_of(read_text(head, asked).items[0].start), "2026-05-03");
}

TEST(CsvPlanTest, DatesWithoutAYearTakeTheOneOfTheTitleOrTheOtherDates) {
  const std::string rows = "任务名称,开始,完成\n甲,3月5日,4月1日\n";
  EXPECT_TRUE(has_note(read_text(rows).items[0], PlanNoteCode::kDateNoYear));
  EXPECT_EQ(date_of(read_text("2026年计划,,\n" + rows).items[0].finish), "2026-04-01");
  EXPECT_EQ(date_of(read_text(rows + "乙,2027/1/1,2027/2/1\n").items[0].start), "2027-03-05");
  EXPECT_FALSE(read_text(rows + "乙,2026/1/1,2027/2/1\n").items[0].start);
  EXPECT_FALSE(read_text("2025至2026年计划,,\n" + rows).items[0].start);
  PlanReadOptions asked;
  asked.year = 2030;
  EXPECT_EQ(date_of(read_text(rows, asked).items[0].start), "2030-03-05");
}

TEST(CsvPlanTest, AfterTheTurnOfTheYearADateWithoutAYearIsNotGuessed) {
  const PlanSheet sheet = read_text(
      "2026年计划,,\n任务名称,开始,完成\n甲,11月5日,11月9日\n乙,12月20日,1月10日\n丙,1月15日,"
      "2月1日\n");
  EXPECT_EQ(date_of(sheet.items[1].finish), "2027-01-10");
  EXPECT_TRUE(has_note(sheet.items[1], PlanNoteCode::kNextYear));
  EXPECT_FALSE(sheet.items[2].start);
  EXPECT_TRUE(has_note(sheet.items[2], PlanNoteCode::kDateAmbiguous));
  const PlanSheet mistake =
      read_text("2026年计划,,\n任务名称,开始,完成\n甲,4月9日,3月1日\n乙,1月9日,1月19日\n");
  EXPECT_TRUE(has_note(mistake.items[0], PlanNoteCode::kFinishBeforeStart));
  EXPECT_FALSE(mistake.items[0].finish);
  EXPECT_EQ(date_of(mistake.items[1].start), "2026-01-09");
}

TEST(CsvPlanTest, PercentagesKeepTheirScale) {
  const PlanSheet fractions = read_text("名称,工期,完成百分比\na,1,0.6\nb,1,1\nc,1,0\nd,1,0.07\n");
  EXPECT_EQ(fractions.items[0].percent, 60);
  EXPECT_EQ(fractions.items[1].percent, 100);
  EXPECT_EQ(fractions.items[3].percent, 7);
  const PlanSheet mixed =
      read_text("名称,工期,完成百分比\na,1,0.6\nb,1,60\nc,1,60%\nd,1,1\ne,1,110\n");
  EXPECT_TRUE(has_note(mixed.items[0], PlanNoteCode::kPercentAmbiguous));
  EXPECT_EQ(mixed.items[1].percent, 60);
  EXPECT_EQ(mixed.items[2].percent, 60);
  EXPECT_TRUE(has_note(mixed.items[3], PlanNoteCode::kPercentAmbiguous));
  EXPECT_TRUE(has_note(mixed.items[4], PlanNoteCode::kPercentOutside));
  const PlanSheet lone = read_text("名称,工期,完成百分比\na,1,1\nb,1,0\n");
  EXPECT_TRUE(has_note(lone.items[0], PlanNoteCode::kPercentAmbiguous));
  EXPECT_EQ(lone.items[1].percent, 0);
}

TEST(CsvPlanTest, MistakesAreNamedWhereTheyStand) {
  const PlanSheet sheet = read_text(
      "序号,任务名称,开始,完成,工期,前置任务\n"
      "1,甲,2026-03-05,2026-03-01,4,\n"
      "2,乙,2026-02-30,待定,四天,1FS+2\n"
      "2,丙,2026-03-05,2026-03-06,2周,2\n"
      "3,丁,2026-03-05,2026-03-05,0,9;3;1SS\n");
  const auto& items = sheet.items;
  EXPECT_TRUE(has_note(items[0], PlanNoteCode::kFinishBeforeStart));
  EXPECT_FALSE(items[0].start || items[0].finish);
  EXPECT_TRUE(has_note(items[1], PlanNoteCode::kDateImpossible));
  EXPECT_TRUE(has_note(items[1], PlanNoteCode::kDateUnknown));
  EXPECT_TRUE(has_note(items[1], PlanNoteCode::kDurationUnknown));
  ASSERT_EQ(items[1].predecessors.size(), 1U);
  EXPECT_EQ(items[1].predecessors[0].lag_days, 2);
  EXPECT_TRUE(has_note(items[2], PlanNoteCode::kNumberTwice));
  EXPECT_TRUE(has_note(items[2], PlanNoteCode::kDurationUnit));
  EXPECT_TRUE(has_note(items[2], PlanNoteCode::kLinkAmbiguous));
  EXPECT_TRUE(has_note(items[3], PlanNoteCode::kLinkUnknown));
  EXPECT_TRUE(has_note(items[3], PlanNoteCode::kLinkItself));
  EXPECT_TRUE(items[3].milestone);
  EXPECT_EQ(items[3].predecessors.size(), 1U);
}

TEST(CsvPlanTest, AnAreaIsStatedCarriedDownOrGuessed) {
  const PlanSheet stated = read_text("区域,名称,工期\n1#厂房,甲,1\n,乙,1\n2#厂房,丙,1\n");
  EXPECT_EQ(stated.items[1].area, "1#厂房");
  EXPECT_TRUE(has_note(stated.items[1], PlanNoteCode::kCarriedDown));
  EXPECT_EQ(stated.items[2].area, "2#厂房");
  const PlanSheet guessed = read_text("序号,名称,工期\n1,3号厂房土建,\n1.1,桩基,5\n2,总图,1\n");
  EXPECT_EQ(guessed.items[1].area, "3号厂房");
  EXPECT_TRUE(guessed.items[1].area_guessed);
  EXPECT_EQ(guessed.items[2].area, "");
}

TEST(CsvPlanTest, IndentedNamesNest) {
  const PlanSheet sheet = read_text("任务名称,工期\n厂房,\n　　基础,\n　　　　桩,3\n　　主体,9\n");
  std::vector<std::uint32_t> levels;
  for (const PlanItem& item : sheet.items) levels.push_back(item.level);
  EXPECT_EQ(levels, (std::vector<std::uint32_t>{1, 2, 3, 2}));
  EXPECT_EQ(sheet.items[2].name, "桩");
}

}  // namespace
}  // namespace sitecast::hub
