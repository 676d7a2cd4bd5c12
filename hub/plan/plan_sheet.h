// SPDX-License-Identifier: Apache-2.0
// A schedule sheet (计划表) as read, whatever its format: items in the order of the sheet, how each
// column was understood, and every row that is no item with the reason. Nothing here is stored.
// Units: durations and lags in days (working days where the format counts so), percentages 0 to
// 100. Thread-safe: value types.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/plan/plan_note.h"

namespace sitecast::hub {

using PlanDate = std::chrono::sys_days;

std::string text_of(PlanDate date);  // 2026-03-05
// Nothing when there is no such day, or it is outside 1950 to 2149.
std::optional<PlanDate> plan_date(int year, int month, int day);

enum class PlanField {
  kNone,
  kNumber,  // 序号: what people call the row by
  kWbs,
  kLevel,
  kName,
  kArea,
  kStart,
  kFinish,
  kDuration,
  kPercent,
  kMilestone,
  kPredecessors,
  kWeight,
  kBaselineStart,
  kBaselineFinish,
  kActualStart,
  kActualFinish,
  kResponsible,
  kRemark,
};
inline constexpr std::size_t kPlanFields = 19;

std::string_view name_of(PlanField field);                         // "planned_start"
std::string_view text_of(PlanField field, PlanLanguage language);  // "计划开始"

struct PlanColumn {
  std::string place;   // "C" in a sheet, the element or field name elsewhere
  std::string header;  // as written
  PlanField field = PlanField::kNone;
  std::vector<PlanNote> notes;
};

struct CellNote {
  PlanField field;  // kNone: about the row
  PlanNote note;
};

struct PlanLink {
  std::string text;        // as the sheet refers to it
  std::uint32_t item = 0;  // index in PlanSheet::items
  std::string type;        // "FS", "SS", "FF", "SF"
  double lag_days = 0;
};

struct PlanItem {
  std::uint32_t source_row = 0;  // counted from 1, as the program that made the file shows it
  std::uint32_t level = 1;       // 1: top
  std::string number;
  std::string wbs;
  std::string name;
  std::string area;
  bool area_guessed = false;
  bool milestone = false;
  bool summary = false;  // items of a deeper level follow
  std::optional<PlanDate> start, finish;
  std::optional<PlanDate> baseline_start, baseline_finish;
  std::optional<PlanDate> actual_start, actual_finish;
  std::optional<double> duration_days;
  std::optional<double> percent;
  std::optional<double> weight;
  std::vector<PlanLink> predecessors;
  std::string responsible;
  std::string remark;
  std::vector<CellNote> notes;
};

struct SkippedRow {
  std::uint32_t source_row = 0;
  PlanNote reason;
  std::string text;  // how the row begins
};

struct PlanSheet {
  std::string format;    // "csv", "xlsx", "mspdi", "xer"
  std::string encoding;  // of text formats
  std::string title;
  std::vector<PlanNote> notes;
  std::vector<PlanColumn> columns;
  std::vector<PlanItem> items;
  std::vector<SkippedRow> skipped;
};

// What the reader may be told where the sheet alone does not say it.
struct PlanReadOptions {
  std::string sheet;        // of a workbook; empty: the first that is understood
  std::optional<int> year;  // of dates without one
  std::string date_order;   // "ymd", "dmy", "mdy" for short dates; empty: from the sheet
};

inline constexpr std::uint64_t kPlanFileBytes = 20U * 1024 * 1024;
inline constexpr std::size_t kPlanRows = 20'000;
inline constexpr std::size_t kPlanColumns = 256;
inline constexpr std::size_t kPlanCells = 1'000'000;
inline constexpr std::size_t kPlanCellBytes = 4'096;
inline constexpr std::size_t kPlanTextBytes = 64U * 1024 * 1024;  // of all cells together
inline constexpr std::size_t kPlanLinks = 100'000;
inline constexpr std::uint32_t kPlanLevels = 32;

// Ends the reading of any format: levels without gaps, summaries, areas guessed from names,
// milestones without duration, finish before start, numbers that are there twice.
void finish_items(PlanSheet& sheet);

}  // namespace sitecast::hub
