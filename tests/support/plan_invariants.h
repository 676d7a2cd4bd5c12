// SPDX-License-Identifier: Apache-2.0
// What must hold of any sheet that the readers of hub/plan accept, whatever the file was.
#pragma once

#include <set>
#include <string>

#include "hub/plan/plain_text.h"
#include "hub/plan/plan_sheet.h"

namespace sitecast::test {

// Empty when all of it holds; else what does not.
inline std::string broken_plan_invariant(const hub::PlanSheet& sheet) {
  using hub::is_utf8;
  if (sheet.format.empty() || sheet.items.empty())
    return "an accepted sheet has a format and items";
  if (sheet.items.size() + sheet.skipped.size() > hub::kPlanRows + hub::kPlanRows) {
    return "rows are bounded";
  }
  std::uint32_t above = 0;
  for (const hub::PlanItem& item : sheet.items) {
    if (item.name.empty()) return "an item has a name";
    for (const std::string* text :
         {&item.name, &item.number, &item.wbs, &item.area, &item.responsible, &item.remark}) {
      if (!is_utf8(*text)) return "texts are UTF-8";
      if (text->size() > hub::kPlanCellBytes) return "texts are bounded";
    }
    if (item.level < 1 || item.level > above + 1 || item.level > hub::kPlanLevels) {
      return "levels begin at 1 and skip none";
    }
    above = item.level;
    if (item.start && item.finish && *item.finish < *item.start) return "start before finish";
    for (const auto& date : {item.start, item.finish, item.baseline_start, item.baseline_finish,
                             item.actual_start, item.actual_finish}) {
      if (date && (*date < *hub::plan_date(1950, 1, 1) || *date > *hub::plan_date(2149, 12, 31))) {
        return "dates are bounded";
      }
    }
    if (item.percent && !(*item.percent >= 0 && *item.percent <= 100)) return "percent is 0 to 100";
    if (item.duration_days && !(*item.duration_days >= 0)) return "durations are not negative";
    for (const hub::PlanLink& link : item.predecessors) {
      if (link.item >= sheet.items.size()) return "links lead to items";
      if (&sheet.items[link.item] == &item) return "no item precedes itself";
    }
    for (const hub::CellNote& note : item.notes) {
      if (hub::kind_of(note.note.code) == hub::PlanNoteKind::kRefused)
        return "an item is not refused";
    }
  }
  // A row is an item or is skipped, never both or twice. (P6 numbers lines; Project repeats no ID,
  // but a damaged file may.)
  if (sheet.format == "mspdi") return {};
  std::set<std::uint32_t> rows;
  for (const hub::PlanItem& item : sheet.items) {
    if (!rows.insert(item.source_row).second) return "a row is one item";
  }
  for (const hub::SkippedRow& row : sheet.skipped) {
    if (!rows.insert(row.source_row).second) return "a skipped row is no item";
    if (!is_utf8(row.text)) return "texts of skipped rows are UTF-8";
  }
  return {};
}

}  // namespace sitecast::test
