// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_changes.h"

#include "hub/plan/preview.h"
#include "tests/unit/hub_plan/plan_fixture.h"

namespace sitecast::hub {
namespace {

const std::string kHead = "序号,区域,名称,开始,完成\n";

std::string changes_of(const PlanSheet& before, const PlanSheet& after) {
  std::string text;
  const PlanChanges changes = compare_plans(before, after);
  for (const PlanChange& change : changes.changes) {
    const PlanItem& item = change.after ? after.items[*change.after] : before.items[*change.before];
    const char* kinds[] = {"added", "removed", "moved", "renamed"};
    text += std::string(kinds[static_cast<int>(change.kind)]) + " " + item.name;
    if (change.start_days) text += " " + std::to_string(*change.start_days);
    if (change.finish_days) text += " " + std::to_string(*change.finish_days);
    text += "\n";
  }
  return text + std::to_string(changes.unchanged) + " unchanged, " +
         std::to_string(changes.ambiguous) + " ambiguous";
}

TEST(PlanChangesTest, TheSameSheetChangesNothing) {
  const PlanSheet sheet = read_text(kHead + "1,,桩基,2026-03-05,2026-03-09\n2,,承台,,\n");
  EXPECT_EQ(changes_of(sheet, sheet), "2 unchanged, 0 ambiguous");
}

TEST(PlanChangesTest, MovedAddedAndRemovedItemsAreFoundWhateverTheirNumbersAre) {
  const PlanSheet before =
      read_text(kHead +
                "1,,桩基,2026-03-05,2026-03-09\n2,,承台,2026-03-10,2026-03-20\n"
                "3,,回填,2026-04-01,2026-04-05\n4,,围墙,2026-05-01,\n");
  const PlanSheet after =
      read_text(kHead +
                "1,,降水,2026-03-01,2026-03-04\n2,,桩　基,2026-03-08,2026-03-07\n"
                "3,,承台,2026-03-12,2026-04-02\n4,,围墙,2026-05-01,2026-05-09\n");
  // 桩基 lost both dates to a finish before its start.
  EXPECT_EQ(changes_of(before, after),
            "added 降水\nmoved 桩　基\nmoved 承台 2 13\nmoved 围墙 0\nremoved 回填\n"
            "0 unchanged, 0 ambiguous");
}

TEST(PlanChangesTest, TheSameNameUnderAnotherSummaryIsAnotherItem) {
  const std::string one = "一,,一号厂房,,\n1,,桩基,2026-03-05,2026-03-09\n";
  const std::string two = "二,,二号厂房,,\n1,,桩基,2026-04-05,2026-04-09\n";
  EXPECT_EQ(changes_of(read_text(kHead + one + two), read_text(kHead + two + one)),
            "4 unchanged, 0 ambiguous");
}

TEST(PlanChangesTest, ANameThatIsThereTwiceIsToldByItsAreaOrNotAtAll) {
  const auto sheet = [](const char* first, const char* second, const char* day) {
    return read_text(kHead + "1," + first + ",桩基,2026-03-05,2026-03-09\n2," + second +
                     ",桩基,2026-04-05,2026-04-" + day + "\n");
  };
  EXPECT_EQ(changes_of(sheet("A", "B", "09"), sheet("A", "B", "11")),
            "moved 桩基 0 2\n1 unchanged, 0 ambiguous");
  EXPECT_EQ(changes_of(sheet("A", "A", "09"), sheet("A", "A", "11")),
            "added 桩基\nadded 桩基\nremoved 桩基\nremoved 桩基\n0 unchanged, 2 ambiguous");
}

TEST(PlanChangesTest, ACodeThatStaysTellsARenamedItem) {
  const PlanSheet before = read_text("WBS,Name,Start\n1.1,Piles,2026-03-05\n1.2,Slab,2026-03-09\n");
  const PlanSheet after =
      read_text("WBS,Name,Start\n1.1,Bored piles,2026-03-06\n1.2,Slab,2026-03-09\n");
  EXPECT_EQ(changes_of(before, after),
            "renamed Bored piles\nmoved Bored piles 1\n1 unchanged, 0 ambiguous");
  const PlanChanges changes = compare_plans(before, after);
  for (const PlanLanguage language : {PlanLanguage::kChinese, PlanLanguage::kEnglish}) {
    EXPECT_NE(changes_text(changes, before, after, language).find("Piles ⇒ Bored piles"),
              std::string::npos);
  }
  EXPECT_NE(changes_json(changes, before, after).find("\"start_days\":1"), std::string::npos);
}

}  // namespace
}  // namespace sitecast::hub
