// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/cell_values.h"

#include <gtest/gtest.h>

#include "hub/plan/columns.h"
#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

std::string date(const char* text) {
  const DateText read = read_date_text(text);
  switch (read.kind) {
    case DateText::Kind::kUnknown: return "?";
    case DateText::Kind::kFull: return read.date ? text_of(*read.date) : "impossible";
    case DateText::Kind::kShort: return "short";
    case DateText::Kind::kNoYear:
      return std::to_string(read.month) + "-" + std::to_string(read.day) +
             (read.either_order ? " or the other way" : "");
    case DateText::Kind::kMonthOnly: return "month";
  }
  return "";
}

TEST(DateTextTest, ReadsDatesAsPeopleWriteThem) {
  for (const char* text : {"2026/3/5",
                           "2026-03-05",
                           "2026年3月5日",
                           "2026年03月05号",
                           "2026.3.5",
                           "5.3.2026",
                           "05-Mar-26",
                           "5 March 2026",
                           "Mar 5, 2026",
                           "March 5th, 2026",
                           "20260305",
                           "46086",
                           "２０２６／３／５",
                           " 2026 - 3 - 5 ",
                           "2026/3/5 8:00",
                           "2026-03-05T08:00:00",
                           "2026-03-05 08:00:00",
                           "2026年3月5日（周四）",
                           "Thu 2026-03-05",
                           "2026-Mar-05",
                           "26年3月5日"}) {
    EXPECT_EQ(date(text), "2026-03-05") << text;
  }
}

TEST(DateTextTest, SaysWhatItCannotKnow) {
  EXPECT_EQ(date("3月5日"), "3-5");
  EXPECT_EQ(date("3/15"), "3-15");
  EXPECT_EQ(date("15/3"), "3-15");
  EXPECT_EQ(date("3/5"), "3-5 or the other way");
  EXPECT_EQ(date("05/03/26"), "short");
  EXPECT_EQ(date("5/3/2026"), "short");
  EXPECT_EQ(date("2026年3月"), "month");
  EXPECT_EQ(date("Mar-2026"), "month");
  EXPECT_EQ(date("2026-02-30"), "impossible");
  EXPECT_EQ(date("2月30日"), "impossible");
  for (const char* text : {"", "待定", "3月初", "2026", "60%", "30天", "-", "1.5.2.3", "0/0/0x",
                           "99999999999999999999", "5-Foo-26", "2026/3/5-2026/4/1"}) {
    EXPECT_EQ(date(text), "?") << text;
  }
}

TEST(DateTextTest, AShortDateHasTheDaysOfItsOrders) {
  const DateText both = read_date_text("05/03/26");
  EXPECT_FALSE(both.by_order[0]);
  EXPECT_EQ(text_of(*both.by_order[1]), "2026-03-05");
  EXPECT_EQ(text_of(*both.by_order[2]), "2026-05-03");
  const DateText year_first = read_date_text("26/3/5");
  EXPECT_EQ(text_of(*year_first.by_order[0]), "2026-03-05");
  EXPECT_FALSE(year_first.by_order[1]);
}

TEST(SerialDateTest, CountsAsBothSystemsDo) {
  EXPECT_EQ(text_of(*date_of_serial(46086, false)), "2026-03-05");
  EXPECT_EQ(text_of(*date_of_serial(46086.75, false)), "2026-03-05");
  EXPECT_EQ(text_of(*date_of_serial(44624, true)), "2026-03-05");
  EXPECT_EQ(text_of(*date_of_serial(25569, false)), "1970-01-01");
  EXPECT_FALSE(date_of_serial(60, false)) << "the 29th of February 1900 never was";
  EXPECT_FALSE(date_of_serial(0.5, false));
  EXPECT_FALSE(date_of_serial(1e12, false));
}

TEST(DurationTextTest, ReadsDaysAndHoursAndNamesOtherUnits) {
  for (const char* text : {"30", "30天", "３０", "30 d", "30 days", "30工作日", "30d?", "30.0"}) {
    EXPECT_EQ(read_duration_text(text).days, 30) << text;
  }
  EXPECT_EQ(read_duration_text("2d16h").days, 4);
  EXPECT_EQ(read_duration_text("4h").days, 0.5);
  EXPECT_TRUE(read_duration_text("4周").other_unit);
  EXPECT_TRUE(read_duration_text("2个月").other_unit);
  for (const char* text : {"", "abc", "-3", "3x", "d", "3-5天"}) {
    EXPECT_FALSE(read_duration_text(text).days) << text;
  }
}

TEST(LinkTextTest, ReadsLinksAsProjectAndPeopleWriteThem) {
  const auto links = read_links("3,5SS+2天、7FS-1d；A-10");
  ASSERT_EQ(links.size(), 4U);
  EXPECT_EQ(links[0].predecessor, "3");
  EXPECT_EQ(links[0].type, "FS");
  EXPECT_EQ(links[1].predecessor, "5");
  EXPECT_EQ(links[1].type, "SS");
  EXPECT_EQ(links[1].lag_days, 2);
  EXPECT_EQ(links[2].lag_days, -1);
  EXPECT_EQ(links[3].predecessor, "A-10");
  const auto both = read_links("111FS112");
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both[0].predecessor, "111");
  EXPECT_EQ(both[0].successor, "112");
}

TEST(HeaderTest, KnowsHeadingsInBothLanguages) {
  const auto is = [](PlanField field, std::initializer_list<const char*> headers) {
    for (const char* header : headers) EXPECT_EQ(field_of_header(header), field) << header;
  };
  is(PlanField::kName, {"任务名称", "工作内容", "分部分项工程", "分部分项工程名称", "项目名称",
                        "Task Name", "Activity Name", "名 称", "Name"});
  is(PlanField::kStart, {"计划开始", "开始时间", "开工日期", "计划开工时间", "Start", "Start Date",
                         "ScheduleStart", "开始日期（年/月/日）"});
  is(PlanField::kFinish, {"计划完成", "结束时间", "竣工日期", "完成时间", "Finish", "End Date",
                          "ScheduleFinish", "计划完工"});
  is(PlanField::kDuration, {"工期", "工期(天)", "工期（日历天）", "Duration", "持续时间"});
  is(PlanField::kPercent,
     {"完成百分比", "完成率", "% Complete", "Percent Complete", "完成(%)", "进度(%)"});
  is(PlanField::kNumber, {"序号", "编号", "No.", "ID"});
  is(PlanField::kActualStart, {"实际开始", "Actual Start"});
  is(PlanField::kActualFinish, {"实际完成时间", "ActualFinish"});
  is(PlanField::kResponsible, {"责任人", "负责人", "责任单位", "Resource Names"});
  is(PlanField::kRemark, {"备注", "Notes"});
  is(PlanField::kPredecessors, {"前置任务", "紧前工作", "Predecessors"});
  is(PlanField::kMilestone, {"里程碑", "Milestone"});
  is(PlanField::kWeight, {"权重", "权重(%)", "Weight"});
  is(PlanField::kArea, {"区域", "单位工程", "楼栋", "Area"});
  is(PlanField::kLevel, {"大纲级别", "Outline Level"});
  is(PlanField::kNone, {"工程量", "单位", "造价", "EarlyStart", "LateFinish", "紧后工作",
                        "计划完成百分比", "状态", "", "随便什么"});
}

TEST(PlainTextTest, MakesTextsComparable) {
  EXPECT_EQ(plain("　ＡＢＣ　１２％ "), "abc 12%");
  EXPECT_EQ(squeezed("合　 计"), "合计");
  EXPECT_EQ(number_in("1,200.5"), 1200.5);
  EXPECT_FALSE(number_in("1,20"));
  EXPECT_FALSE(number_in("1e999"));
  EXPECT_FALSE(number_in("nan"));
  EXPECT_FALSE(is_utf8("\xC0\x80"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_EQ(beginning("中文", 4), "中");
}

}  // namespace
}  // namespace sitecast::hub
