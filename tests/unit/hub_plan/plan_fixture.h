// SPDX-License-Identifier: Apache-2.0
// Sheets read in one line of a test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "hub/plan/read_plan.h"
#include "tests/support/plan_invariants.h"

namespace sitecast::hub {

inline PlanSheet read_sheet(ByteView file, const PlanReadOptions& options = {}) {
  PlanSheet sheet;
  const auto refusal = read_plan(file, options, sheet);
  EXPECT_FALSE(refusal) << text_of(*refusal, PlanLanguage::kEnglish);
  if (!refusal) {
    EXPECT_EQ(test::broken_plan_invariant(sheet), "");
  }
  return sheet;
}

inline PlanSheet read_text(std::string_view text, const PlanReadOptions& options = {}) {
  return read_sheet(as_bytes(text), options);
}

// Name of the refusal's code; empty when the file was accepted.
inline std::string refusal_of(ByteView file, const PlanReadOptions& options = {}) {
  PlanSheet sheet;
  const auto refusal = read_plan(file, options, sheet);
  if (refusal) {
    EXPECT_TRUE(sheet.items.empty() && sheet.skipped.empty() && sheet.format.empty());
    EXPECT_EQ(kind_of(refusal->code), PlanNoteKind::kRefused);
  }
  return refusal ? std::string(name_of(refusal->code)) : std::string();
}

inline bool has_note(const PlanItem& item, PlanNoteCode code) {
  return std::any_of(item.notes.begin(), item.notes.end(),
                     [&](const CellNote& note) { return note.note.code == code; });
}

inline bool has_note(const std::vector<PlanNote>& notes, PlanNoteCode code) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const PlanNote& note) { return note.code == code; });
}

inline std::string date_of(const std::optional<PlanDate>& date) {
  return date ? text_of(*date) : std::string();
}

// Code names of the skipped rows, by row.
inline std::string skipped_of(const PlanSheet& sheet) {
  std::string text;
  for (const SkippedRow& row : sheet.skipped) {
    text += std::to_string(row.source_row) + " " + std::string(name_of(row.reason.code)) + "\n";
  }
  return text;
}

}  // namespace sitecast::hub
