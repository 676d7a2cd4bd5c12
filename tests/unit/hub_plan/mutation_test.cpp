// SPDX-License-Identifier: Apache-2.0
// 10,000 damaged sheets: each is refused or accepted as a whole, in bounded time, whatever was done
// to it. The seed is fixed; a failure prints the number of its sheet.
#include <chrono>
#include <functional>
#include <random>

#include "tests/support/stored_zip.h"
#include "tests/unit/hub_plan/plan_fixture.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kSheets = 10'000;
// Far above what any of them needs; a hang would be over it.
constexpr std::chrono::seconds kHang{20};

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

const std::string kCsv =
    "2026年施工进度计划表,,,,,,\n序号,区域,任务名称,开始时间,结束时间,完成百分比,前置任务\n"
    "一,1#厂房,土建工程,,,,\n1,,土方开挖,2026/3/5,2026年3月20日,60%,\n"
    "2,,\"桩基,灌注\",3月21日,46150,0.5,1FS+2天\n3,,承台,05/03/26,5-Mar-26,100,2;1SS\n合计,,,,,,\n";

const std::string kXer =
    "ERMHDR\t8.4\r\n%T\tPROJWBS\r\n%F\twbs_id\tparent_wbs_id\tseq_num\twbs_short_name\twbs_name\r\n"
    "%R\t1\t\t0\tP\tPlant\r\n%R\t2\t1\t1\tA\tHall\r\n%T\tTASK\r\n%F\ttask_id\twbs_id\ttask_code\t"
    "task_name\ttask_type\tstatus_code\tcomplete_pct_type\ttarget_drtn_hr_cnt\tremain_drtn_hr_cnt\t"
    "target_start_date\ttarget_end_date\r\n%R\t7\t2\tA1\tPiles\tTT_Task\tTK_Active\tCP_"
    "Drtn\t80\t20\t"
    "2026-03-05 08:00\t2026-03-18 "
    "17:00\r\n%R\t8\t2\tA2\tSlab\tTT_Task\tTK_NotStart\tCP_Phys\t40\t40\t"
    "2026-03-19 08:00\t2026-03-25 17:00\r\n%T\tTASKPRED\r\n%F\ttask_id\tpred_task_id\tpred_type\t"
    "lag_hr_cnt\r\n%R\t8\t7\tPR_FS\t8\r\n%E\r\n";

const std::string kProject =
    "<?xml version=\"1.0\"?><Project "
    "xmlns=\"http://schemas.microsoft.com/project\"><MinutesPerDay>480"
    "</MinutesPerDay><Tasks><Task><UID>1</UID><ID>1</ID><Name>厂房</Name><OutlineLevel>1</"
    "OutlineLevel>"
    "<Summary>1</Summary></Task><Task><UID>2</UID><ID>2</ID><Name>桩基</Name><OutlineLevel>2"
    "</OutlineLevel><Start>2026-03-05T08:00:00</Start><Finish>2026-03-09T17:00:00</Finish>"
    "<Duration>PT24H0M0S</Duration><DurationFormat>7</DurationFormat><PercentComplete>40"
    "</PercentComplete><PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</"
    "Type><LinkLag>4800"
    "</LinkLag><LagFormat>7</LagFormat></PredecessorLink><Baseline><Number>0</Number>"
    "<Start>2026-03-01T08:00:00</Start></Baseline></Task></Tasks></Project>";

const std::string kSheetXml =
    "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
    "t=\"s\"><v>1</v></c>"
    "<c r=\"C1\" t=\"inlineStr\"><is><t>完成百分比</t></is></c></row><row r=\"2\"><c r=\"A2\" "
    "t=\"str\">"
    "<v>桩基</v></c><c r=\"B2\" s=\"1\"><v>46086</v></c><c r=\"C2\" s=\"2\"><v>0.6</v></c></row>"
    "<row r=\"3\" hidden=\"1\"><c r=\"A3\" t=\"str\"><v>承台</v></c><c r=\"C3\"><v>1</v></c></row>"
    "</sheetData><mergeCells><mergeCell ref=\"B2:B3\"/></mergeCells></worksheet>";
const std::string kStringsXml =
    "<sst><si><t>任务名称</t></si><si><r><t>开</t></r><r><t>始</t></r></si></sst>";
const std::string kStylesXml =
    "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"9\"/></cellXfs>"
    "</styleSheet>";

// Pieces that mean something to one reader or another.
const std::vector<std::string> kPieces = {"\"",
                                          "\n",
                                          "\r\n",
                                          ",",
                                          ";",
                                          "\t",
                                          "%R\t",
                                          "%T\t",
                                          "<Task>",
                                          "</Task>",
                                          "<row>",
                                          "&lt;",
                                          "]]>",
                                          "<!DOCTYPE x>",
                                          "2026/2/30",
                                          "99999999999",
                                          "-1",
                                          "0.6",
                                          "1e308",
                                          "nan",
                                          "合计",
                                          "（一）",
                                          "\xFF",
                                          "\xC3",
                                          std::string("\0", 1),
                                          "１２",
                                          "3月5日",
                                          "13/13/13",
                                          "FS",
                                          "+",
                                          "<c r=\"ZZZ9\"/>",
                                          "<mergeCell ref=\"A1:IV1048576\"/>",
                                          "r=\"1048577\"",
                                          "s=\"99999\""};

void mutate(Random& random, std::string& text) {
  const std::size_t changes = 1 + below(random, 6);
  for (std::size_t change = 0; change < changes; ++change) {
    const std::size_t at = below(random, text.size() + 1);
    const std::size_t size = below(random, std::min<std::size_t>(text.size() - at, 40) + 1);
    switch (below(random, 7)) {
      case 0: text.insert(at, 1, static_cast<char>(random() & 0xFFU)); break;
      case 1: text.erase(at, size); break;
      case 2: text.insert(at, kPieces[below(random, kPieces.size())]); break;
      case 3: text.replace(at, size, kPieces[below(random, kPieces.size())]); break;
      case 4: text.insert(at, text.substr(below(random, text.size() + 1), 60)); break;
      case 5:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(random, 8)));
        break;
      default:
        if (below(random, 8) == 0) text.resize(at);
        break;
    }
  }
}

Bytes bytes_of(const std::string& text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

Bytes mutated_workbook(Random& random) {
  std::string sheet = kSheetXml;
  std::string strings = kStringsXml;
  std::string styles = kStylesXml;
  std::string* const parts[] = {&sheet, &sheet, &strings, &styles};
  mutate(random, *parts[below(random, 4)]);
  Bytes file = test::workbook_of(sheet, strings, styles);
  if (below(random, 3) == 0) {  // the container too
    std::string whole = to_string(file);
    mutate(random, whole);
    file = bytes_of(whole);
  }
  return file;
}

TEST(PlanMutationTest, TheSheetsThemselvesAreAccepted) {
  EXPECT_EQ(read_text(kCsv).items.size(), 4U);
  EXPECT_EQ(read_text(kXer).items.size(), 4U);
  EXPECT_EQ(read_text(kProject).items.size(), 2U);
  EXPECT_EQ(read_sheet(test::workbook_of(kSheetXml, kStringsXml, kStylesXml)).items.size(), 2U);
}

TEST(PlanMutationTest, TenThousandDamagedSheetsAreRefusedOrReadAsAWhole) {
  Random random(20260305);
  std::size_t accepted = 0;
  for (std::size_t number = 0; number < kSheets; ++number) {
    Bytes file;
    const std::string* const texts[] = {&kCsv, &kXer, &kProject};
    if (const std::size_t kind = number % 4; kind < 3) {
      std::string text = *texts[kind];
      mutate(random, text);
      file = bytes_of(text);
    } else {
      file = mutated_workbook(random);
    }
    PlanSheet sheet;
    const auto begun = std::chrono::steady_clock::now();
    const auto refusal = read_plan(file, {}, sheet);
    ASSERT_LT(std::chrono::steady_clock::now() - begun, kHang) << "sheet " << number;
    if (refusal) {
      ASSERT_TRUE(sheet.items.empty() && sheet.skipped.empty()) << "sheet " << number;
    } else {
      ++accepted;
      ASSERT_EQ(test::broken_plan_invariant(sheet), "") << "sheet " << number;
    }
  }
  // Both happen often, or the damage would be too much or too little to show anything.
  EXPECT_GT(accepted, kSheets / 10);
  EXPECT_LT(accepted, kSheets - kSheets / 10);
}

}  // namespace
}  // namespace sitecast::hub
