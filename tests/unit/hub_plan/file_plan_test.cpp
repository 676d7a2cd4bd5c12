// SPDX-License-Identifier: Apache-2.0
// Workbooks, MS Project XML, Primavera XER, and what is refused.
#include "tests/support/stored_zip.h"
#include "tests/unit/hub_plan/plan_fixture.h"

namespace sitecast::hub {
namespace {

using test::stored_zip;
using test::workbook_of;

const char* const kWorkbookHead =
    "<row r='1'><c r='A1' t='inlineStr'><is><t>任务名称</t></is></c>"
    "<c r='B1' t='inlineStr'><is><t>开始</t></is></c>"
    "<c r='C1' t='inlineStr'><is><t>完成百分比</t></is></c></row>";

std::string sheet_of(const std::string& rows, const std::string& after = "") {
  return "<worksheet><sheetData>" + (kWorkbookHead + rows) + "</sheetData>" + after +
         "</worksheet>";
}

const char* const kStyles =
    "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='m\"月\"d\"日\";@'/></numFmts>"
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='9'/><xf numFmtId='170'>"
    "<alignment indent='2'/></xf></cellXfs></styleSheet>";

TEST(XlsxPlanTest, StringsDatesPercentagesAndFormulasAreReadAsShown) {
  const PlanSheet sheet = read_sheet(workbook_of(
      sheet_of("<row r='3'><c r='A3' t='s'><v>0</v></c><c r='B3' s='1'><v>46086</v></c>"
               "<c r='C3' s='2'><f>1-0.4</f><v>0.6</v></c></row>"
               "<row r='4' hidden='1'><c r='A4' t='str'><f>A3</f><v>乙</v></c>"
               "<c r='B4' s='3'><v>46087.5</v></c><c r='C4' t='e'><v>#REF!</v></c></row>"),
      "<sst><si><r><t>甲</t></r><r><t>方</t></r><rPh><t>jia</t></rPh></si></sst>", kStyles));
  ASSERT_EQ(sheet.items.size(), 2U);
  EXPECT_EQ(sheet.items[0].name, "甲方");
  EXPECT_EQ(sheet.items[0].source_row, 3U);
  EXPECT_EQ(date_of(sheet.items[0].start), "2026-03-05");
  EXPECT_EQ(sheet.items[0].percent, 60);
  EXPECT_EQ(sheet.items[1].name, "乙");
  EXPECT_EQ(date_of(sheet.items[1].start), "2026-03-06");
  EXPECT_TRUE(has_note(sheet.items[1], PlanNoteCode::kHiddenRow));
  EXPECT_TRUE(has_note(sheet.items[1], PlanNoteCode::kCellFault));
}

TEST(XlsxPlanTest, DatesCountFrom1904WhereTheWorkbookSaysSo) {
  const std::string rows =
      "<row><c t='inlineStr'><is><t>甲</t></is></c><c s='1'><v>44624</v></c></row>";
  const PlanSheet sheet =
      read_sheet(workbook_of(sheet_of(rows), "", kStyles, "<workbookPr date1904='1'/>"));
  EXPECT_EQ(date_of(sheet.items[0].start), "2026-03-05");
  EXPECT_TRUE(has_note(sheet.notes, PlanNoteCode::kDates1904));
}

TEST(XlsxPlanTest, AMergedDateHoldsForEachOfItsRows) {
  const PlanSheet sheet = read_sheet(
      workbook_of(sheet_of("<row r='2'><c r='A2' t='inlineStr'><is><t>甲</t></is></c>"
                           "<c r='B2' s='1'><v>46086</v></c></row>"
                           "<row r='3'><c r='A3' t='inlineStr'><is><t>乙</t></is></c></row>",
                           "<mergeCells><mergeCell ref='B2:B3'/></mergeCells>"),
                  "", kStyles));
  EXPECT_EQ(date_of(sheet.items[1].start), "2026-03-05");
  EXPECT_TRUE(has_note(sheet.items[1], PlanNoteCode::kFromMerge));
}

TEST(XlsxPlanTest, AWorkbookThatIsNoneIsRefusedWithTheReason) {
  EXPECT_EQ(refusal_of(stored_zip({{"word/document.xml", "<a/>"}})), "file_not_workbook");
  EXPECT_EQ(refusal_of(as_bytes("PK\x03\x04 and no more")), "zip_broken");
  EXPECT_EQ(refusal_of(workbook_of("<worksheet><sheetData/></worksheet>")), "no_header");
  EXPECT_EQ(refusal_of(workbook_of("<worksheet><sheetData>")), "xml_broken");
  EXPECT_EQ(refusal_of(workbook_of("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" +
                                   sheet_of("<row><c t='str'><v>&e;</v></c></row>"))),
            "xml_doctype");
  PlanReadOptions other;
  other.sheet = "没有";
  EXPECT_EQ(refusal_of(workbook_of(sheet_of("")), other), "no_sheet_named");
  EXPECT_EQ(refusal_of(workbook_of(sheet_of(""))), "no_tasks");
}

TEST(XlsxPlanTest, WhatUnpacksWithoutEndIsRefused) {
  std::string rows;
  for (int row = 0; row < 20'001; ++row) rows += "<row><c t='str'><v>甲</v></c></row>";
  EXPECT_EQ(refusal_of(workbook_of(sheet_of(rows))), "too_many_rows");
  // A shared string of 4,000 bytes in 20,000 cells.
  std::string wide;
  for (int row = 2; row < 1'002; ++row) {
    wide += "<row>";
    for (int column = 0; column < 20; ++column) wide += "<c t='s'><v>0</v></c>";
    wide += "</row>";
  }
  EXPECT_EQ(refusal_of(workbook_of(sheet_of(wide),
                                   "<sst><si><t>" + std::string(4'000, 'a') + "</t></si></sst>")),
            "too_many_cells");
  std::string deep;
  for (int level = 0; level < 100; ++level) deep += "<a>";
  EXPECT_EQ(refusal_of(workbook_of(deep)), "xml_broken");
}

const std::string kProjectHead =
    "<?xml version='1.0'?><Project xmlns='http://schemas.microsoft.com/project'>"
    "<Title>一期</Title><MinutesPerDay>600</MinutesPerDay><Tasks>";

std::string task(int id, int level, const std::string& inner) {
  return "<Task><UID>" + std::to_string(id + 100) + "</UID><ID>" + std::to_string(id) +
         "</ID><Name>任务" + std::to_string(id) + "</Name><OutlineLevel>" + std::to_string(level) +
         "</OutlineLevel>" + inner + "</Task>";
}

TEST(MspdiPlanTest, TasksLinksAndBaselinesAreReadAsProjectMeansThem) {
  const std::string file =
      kProjectHead + task(1, 1, "<Summary>1</Summary>") +
      task(2, 2,
           "<Start>2026-03-05T08:00:00</Start><Finish>2026-03-09T17:00:00</Finish>"
           "<Duration>PT30H0M0S</Duration><DurationFormat>7</DurationFormat>"
           "<PercentComplete>40</PercentComplete><ActualStart>2026-03-06T08:00:00</ActualStart>"
           "<Baseline><Number>1</Number><Start>2020-01-01T08:00:00</Start></Baseline>"
           "<Baseline><Number>0</Number><Start>2026-03-01T08:00:00</Start>"
           "<Finish>2026-03-04T17:00:00</Finish></Baseline>") +
      task(3, 2,
           "<Milestone>1</Milestone><Duration>PT48H0M0S</Duration>"
           "<DurationFormat>8</DurationFormat><PredecessorLink><PredecessorUID>102</PredecessorUID>"
           "<Type>3</Type><LinkLag>12000</LinkLag><LagFormat>7</LagFormat></PredecessorLink>"
           "<PredecessorLink><PredecessorUID>999</PredecessorUID></PredecessorLink>") +
      "<Task><UID>9</UID><ID>4</ID><IsNull>1</IsNull></Task></Tasks></Project>";
  const PlanSheet sheet = read_text(file);
  ASSERT_EQ(sheet.items.size(), 3U);
  EXPECT_EQ(sheet.title, "一期");
  const PlanItem& second = sheet.items[1];
  EXPECT_EQ(date_of(second.start), "2026-03-05");
  EXPECT_EQ(date_of(second.finish), "2026-03-09");
  EXPECT_EQ(second.duration_days, 3);
  EXPECT_EQ(second.percent, 40);
  EXPECT_EQ(date_of(second.baseline_start), "2026-03-01");
  EXPECT_EQ(date_of(second.baseline_finish), "2026-03-04");
  EXPECT_EQ(date_of(second.actual_start), "2026-03-06");
  const PlanItem& third = sheet.items[2];
  EXPECT_TRUE(third.milestone);
  EXPECT_EQ(third.duration_days, 2) << "elapsed days have 24 hours";
  ASSERT_EQ(third.predecessors.size(), 1U);
  EXPECT_EQ(third.predecessors[0].item, 1U);
  EXPECT_EQ(third.predecessors[0].type, "SS");
  EXPECT_EQ(third.predecessors[0].lag_days, 2);
  EXPECT_TRUE(has_note(third, PlanNoteCode::kLinkUnknown));
  EXPECT_EQ(skipped_of(sheet), "4 row_blank\n");
}

TEST(MspdiPlanTest, EntitiesAreNeverResolved) {
  EXPECT_EQ(refusal_of(as_bytes("<?xml version='1.0'?><!DOCTYPE Project [<!ENTITY a 'aaaa'>"
                                "<!ENTITY b '&a;&a;&a;&a;'>]><Project>&b;</Project>")),
            "xml_doctype");
  EXPECT_EQ(refusal_of(as_bytes("<Project><Tasks>")), "xml_broken");
  EXPECT_EQ(refusal_of(as_bytes("<Project/>")), "no_tasks");
}

TEST(XerPlanTest, NodesAndActivitiesKeepTheirOrder) {
  const PlanSheet sheet = read_text(
      "ERMHDR\t8.4\n%T\tCALENDAR\n%F\tclndr_id\tday_hr_cnt\n%R\t1\t10\n"
      "%T\tPROJWBS\n%F\twbs_id\tparent_wbs_id\tseq_num\twbs_short_name\twbs_name\n"
      "%R\t12\t10\t2\tB\t二区\n%R\t11\t10\t1\tA\t一区\n%R\t10\t9\t0\tP\t厂区\n"
      "%R\t20\t21\t0\tX\t循环\n%R\t21\t20\t0\tY\t循环\n"
      "%T\tTASK\n%F\ttask_id\twbs_id\tclndr_id\ttask_code\ttask_name\ttask_type\tstatus_code\t"
      "complete_pct_type\tphys_complete_pct\ttarget_drtn_hr_cnt\tremain_drtn_hr_cnt\t"
      "target_start_date\ttarget_end_date\n"
      "%R\t2\t12\t1\tT2\t主体\tTT_Task\tTK_Active\tCP_Drtn\t0\t100\t25\t2026-03-05 08:00\t"
      "2026-03-14 18:00\n"
      "%R\t1\t11\t1\tT1\t封顶\tTT_FinMile\tTK_NotStart\tCP_Phys\t0\t0\t0\t\t2026-03-20 18:00\n"
      "%R\t3\t77\t1\tT3\t无主\tTT_Task\tTK_Active\tCP_Drtn\t0\t100\t25\t\t\n"
      "%T\tTASKPRED\n%F\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt\n%R\t1\t2\tPR_FF\t20\n%E\n");
  std::vector<std::string> names;
  for (const PlanItem& item : sheet.items) names.push_back(item.name);
  EXPECT_EQ(names, (std::vector<std::string>{"厂区", "一区", "封顶", "二区", "主体"}));
  EXPECT_TRUE(sheet.items[2].milestone);
  EXPECT_EQ(date_of(sheet.items[2].start), "2026-03-20");
  ASSERT_EQ(sheet.items[2].predecessors.size(), 1U);
  EXPECT_EQ(sheet.items[2].predecessors[0].type, "FF");
  EXPECT_EQ(sheet.items[2].predecessors[0].lag_days, 2);
  EXPECT_EQ(sheet.items[4].duration_days, 10);
  EXPECT_EQ(sheet.items[4].percent, 75);
  EXPECT_EQ(sheet.items[4].wbs, "P.B");
  EXPECT_EQ(sheet.skipped.size(), 3U) << "the circle and the activity without a node";
}

TEST(RefusalTest, OtherFilesAreRefusedWithWhatToDo) {
  EXPECT_EQ(refusal_of({}), "file_empty");
  EXPECT_EQ(refusal_of(as_bytes(" \n ")), "file_empty");
  EXPECT_EQ(refusal_of(as_bytes("\xD0\xCF\x11\xE0")), "file_old_office");
  EXPECT_EQ(refusal_of(as_bytes("%PDF-1.4")), "file_pdf");
  EXPECT_EQ(refusal_of(as_bytes("MPX,Microsoft Project,4.0")), "file_mpx");
  EXPECT_EQ(refusal_of(as_bytes("<html><table><tr><td>序号</td></tr></table></html>")),
            "file_html");
  EXPECT_EQ(refusal_of(as_bytes("<APIBusinessObjects/>")), "file_other_xml");
  EXPECT_EQ(refusal_of(as_bytes("甲,乙\n1,2\n")), "no_header");
  EXPECT_EQ(refusal_of(as_bytes("名称,工期\n")), "no_tasks");
  EXPECT_EQ(refusal_of(Bytes(kPlanFileBytes + 1, 'a')), "file_too_large");
  std::string rows = "名称,工期\n";
  for (int row = 0; row < 20'000; ++row) rows += "甲,1\n";
  EXPECT_EQ(refusal_of(as_bytes(rows)), "too_many_rows");
  const std::string zeros("名称\0工期", 13);
  EXPECT_EQ(refusal_of(as_bytes(zeros)), "file_binary");
}

// One cell of 4 kB holds 2,000 references, and each would bring a note.
TEST(RefusalTest, PredecessorsWithoutEndAreRefused) {
  std::string links;
  for (int link = 0; link < 800; ++link) links += "1,";
  std::string rows = "序号,名称,工期,前置任务\n";
  for (int row = 0; row < 4'000; ++row) rows += "1,甲,1,\"" + links + "\"\n";
  EXPECT_EQ(refusal_of(as_bytes(rows)), "too_many_links");
  std::string project = "<Project><Tasks><Task><Name>a</Name>";
  for (int link = 0; link < 100'001; ++link) project += "<PredecessorLink/>";
  EXPECT_EQ(refusal_of(as_bytes(project + "</Task></Tasks></Project>")), "too_many_links");
}

// 100,000 merged cells over all rows would be copied two thousand million times.
TEST(RefusalTest, MergedCellsOverEachOtherAreRefused) {
  std::string rows;
  for (int row = 2; row < 20'000; ++row) {
    rows += "<row r='" + std::to_string(row) + "'><c r='A" + std::to_string(row) +
            "' t='e'><v></v></c></row>";
  }
  std::string merges = "<mergeCells>";
  for (int merge = 0; merge < 100'000; ++merge) merges += "<mergeCell ref='A2:A20000'/>";
  EXPECT_EQ(refusal_of(workbook_of(sheet_of(rows, merges + "</mergeCells>"))), "too_many_cells");
}

TEST(RefusalTest, EverySentenceIsThereInBothLanguages) {
  for (int code = 0; code <= static_cast<int>(PlanNoteCode::kElapsed); ++code) {
    const PlanNote note{static_cast<PlanNoteCode>(code), {"a", "b", "c"}};
    const std::string zh = text_of(note, PlanLanguage::kChinese);
    const std::string en = text_of(note, PlanLanguage::kEnglish);
    EXPECT_FALSE(zh.empty() || en.empty() || name_of(note.code).empty());
    EXPECT_EQ(zh.find('{'), std::string::npos);
    EXPECT_EQ(en.find('{'), std::string::npos);
    EXPECT_NE(zh, en);
  }
}

}  // namespace
}  // namespace sitecast::hub
